//! A scope: a unit around a process that its starter, not systemd, starts.

use std::path::Path;

use super::{Manager, Placement, kills_user_processes, lingers, manager, placement};

/// A scope that a process can be started in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    manager: Manager,
    name: String,
    /// Whether what is in it runs on after the last logout; `None` where it cannot be told.
    pub(crate) outlives_logins: Option<bool>,
}

/// One way to ask for a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    name: String,
    is_second_name: bool,
    /// A process in it that the kernel kills for want of memory does not end the others. A systemd older than 253 may
    /// not know how to say so of a scope.
    pub(crate) outlives_oom: bool,
}

impl Scope {
    /// Decides on a scope for a process that this one starts, or says why it is better off without.
    pub(crate) fn for_child(name: String) -> Result<Self, String> {
        let manager = manager()?;
        let outlives_logins = match &manager {
            Manager::System => Some(true),
            Manager::User(_) => lingers(),
        };
        let here = i32::try_from(std::process::id()).map_or(Placement::Unknown, placement);
        if outlives_logins == Some(false)
            && is_login(&here)
            && kills_user_processes() == Some(false)
        {
            // A scope would be worse: it ends with the user's manager, and that with the last login.
            return Err(format!(
                "{here}, it outlives the login; without lingering a scope would not"
            ));
        }
        Ok(Self {
            manager,
            name,
            outlives_logins,
        })
    }

    /// Returns the first way to ask for it.
    pub(crate) fn first_form(&self) -> Form {
        Form {
            name: self.name.clone(),
            is_second_name: false,
            outlives_oom: true,
        }
    }

    /// Returns the words before a program and its arguments that start it in this scope.
    pub(crate) fn words(&self, form: &Form) -> Vec<String> {
        let fixed = ["--scope", "--quiet", "--collect", "--no-ask-password"];
        let mut words = vec!["systemd-run".to_owned(), self.manager.option().to_owned()];
        words.extend(fixed.map(str::to_owned));
        words.push(format!("--unit={}", form.name));
        words.push("--property=Delegate=yes".to_owned());
        if form.outlives_oom {
            words.push("--property=OOMPolicy=continue".to_owned());
        }
        words.push("--".to_owned());
        words
    }

    /// Returns the variable by which the manager is found, where it needs one.
    pub(crate) fn variable(&self) -> Option<(&'static str, &Path)> {
        self.manager.variable()
    }
}

fn is_login(here: &Placement) -> bool {
    match here {
        Placement::Login(_) => true,
        Placement::OwnScope { .. }
        | Placement::UserUnit(_)
        | Placement::SystemUnit(_)
        | Placement::Unknown => false,
    }
}

impl Form {
    /// Returns the unit that is made.
    pub(crate) fn unit(&self) -> String {
        format!("{}.scope", self.name)
    }

    /// Returns another way to ask that avoids this complaint of systemd's; `None` where there is none.
    pub(crate) fn without(&self, complaint: &str) -> Option<Self> {
        if self.outlives_oom && complaint.contains("OOMPolicy") {
            return Some(Self {
                outlives_oom: false,
                ..self.clone()
            });
        }
        // What an earlier server left may still run in a scope of this name.
        if !self.is_second_name && complaint.contains("already") {
            return Some(Self {
                name: format!("{}-{}", self.name, std::process::id()),
                is_second_name: true,
                ..self.clone()
            });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_ask_is_tried_once() {
        let scope = Scope {
            manager: Manager::System,
            name: "fleet-x".to_owned(),
            outlives_logins: Some(true),
        };
        let first = scope.first_form();
        assert_eq!(
            scope.words(&first).join(" "),
            "systemd-run --system --scope --quiet --collect --no-ask-password --unit=fleet-x \
             --property=Delegate=yes --property=OOMPolicy=continue --"
        );
        let old = first
            .without("Unknown assignment: OOMPolicy=continue")
            .unwrap();
        assert!(!scope.words(&old).join(" ").contains("OOMPolicy"));
        assert_eq!(old.without("Unknown assignment: OOMPolicy=continue"), None);
        let taken = "Failed to start transient scope unit: Unit fleet-x.scope was already loaded or has a fragment file.";
        let other = old.without(taken).unwrap();
        assert_eq!(
            other.unit(),
            format!("fleet-x-{}.scope", std::process::id())
        );
        assert!(!other.outlives_oom);
        assert_eq!(other.without(taken), None);
        assert_eq!(first.without("Failed to connect to bus"), None);
    }
}
