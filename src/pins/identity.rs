//! Who commits: the person, as `git` knows them.

use git2::{Repository, Signature};

use super::repository::Settings;

/// The author and the committer of a commit that is about to be made.
pub(super) struct Identity {
    pub(super) author: Signature<'static>,
    pub(super) committer: Signature<'static>,
    /// Whether git knew nobody, so that a plain `user@host` stands in.
    pub(super) is_made_up: bool,
}

impl Identity {
    /// Finds the person: git's environment, then git's configuration, then the account.
    pub(super) fn find(repository: &Repository) -> Result<Self, git2::Error> {
        let settings = Settings::of(repository);
        let (author, author_is_made_up) = signature(&settings, "author")?;
        let (committer, committer_is_made_up) = signature(&settings, "committer")?;
        Ok(Self {
            author: dated(author, repository.author_from_env()),
            committer: dated(committer, repository.committer_from_env()),
            is_made_up: author_is_made_up || committer_is_made_up,
        })
    }

    /// Returns the variables that give `git` the same identity.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let date = |signature: &Signature<'_>| {
            let when = signature.when();
            let minutes = when.offset_minutes();
            let sign = if minutes < 0 { '-' } else { '+' };
            let minutes = minutes.abs();
            format!(
                "@{} {sign}{:02}{:02}",
                when.seconds(),
                minutes / 60,
                minutes % 60
            )
        };
        vec![
            ("GIT_AUTHOR_NAME", text(self.author.name_bytes())),
            ("GIT_AUTHOR_EMAIL", text(self.author.email_bytes())),
            ("GIT_AUTHOR_DATE", date(&self.author)),
            ("GIT_COMMITTER_NAME", text(self.committer.name_bytes())),
            ("GIT_COMMITTER_EMAIL", text(self.committer.email_bytes())),
            ("GIT_COMMITTER_DATE", date(&self.committer)),
        ]
    }
}

/// Takes the date that git's environment asks for, if libgit2 could read it.
fn dated(
    signature: Signature<'static>,
    from_environment: Result<Signature<'static>, git2::Error>,
) -> Signature<'static> {
    let Ok(asked) = from_environment else {
        return signature;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Signature::new(
        &text(signature.name_bytes()),
        &text(signature.email_bytes()),
        &asked.when(),
    )
    .unwrap_or(signature)
}

fn signature(settings: &Settings, role: &str) -> Result<(Signature<'static>, bool), git2::Error> {
    let found = |part: &str| {
        let variable = format!("GIT_{}_{}", role.to_uppercase(), part.to_uppercase());
        std::env::var(variable)
            .ok()
            .or_else(|| settings.get(&format!("{role}.{part}")))
            .or_else(|| settings.get(&format!("user.{part}")))
            .map(|text| plain(&text))
            .filter(|text| !text.is_empty())
    };
    let name = found("name");
    let email =
        found("email").or_else(|| std::env::var("EMAIL").ok().filter(|text| !text.is_empty()));
    let is_made_up = name.is_none() || email.is_none();
    let (user, host) = account();
    let name = name.unwrap_or_else(|| user.clone());
    let email = email.unwrap_or_else(|| format!("{user}@{host}"));
    Ok((Signature::now(&name, &email)?, is_made_up))
}

/// Returns what git calls the person who runs this, where it knows.
pub(crate) fn person() -> Option<String> {
    let name = Settings::personal().get("user.name")?;
    Some(plain(&name)).filter(|name| !name.is_empty())
}

/// Drops what a commit's header cannot hold.
fn plain(text: &str) -> String {
    text.replace(['<', '>', '\n', '\0'], "").trim().to_owned()
}

fn account() -> (String, String) {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid())
        .ok()
        .flatten()
        .map(|user| plain(&user.name))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "user".to_owned());
    let host = nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .map(|name| plain(&name))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned());
    (user, host)
}
