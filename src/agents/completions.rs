//! What `agents` offers a shell: the agents of the project that the line is about.

use super::manifest::Manifest;
use super::project::Project;
use crate::completing::{Line, Offer, Word};

/// Says what may be typed as the value of an argument of `agents`.
pub(super) fn offer(line: &Line, verb: &str, argument: &str) -> Option<Offer> {
    Some(match (verb, argument) {
        (_, "project") => Offer::Directory,
        ("attach" | "logs" | "restart" | "send", "name") => Offer::Words(agents(line)),
        ("logs", "lines") | ("send", "text") => Offer::Nothing,
        _ => return None,
    })
}

fn agents(line: &Line) -> Vec<Word> {
    let named = line.directory("--project", "");
    let manifest =
        Project::find(named.as_deref()).and_then(|project| Manifest::load(&project.root));
    let agents = manifest.map(|manifest| manifest.agents).unwrap_or_default();
    agents
        .into_iter()
        .map(|agent| Word::new(agent.name, agent.command.join(" ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::completing;

    #[test]
    fn of_every_argument_it_is_known_what_it_takes() {
        let command = super::super::cli::Cli::command();
        assert_eq!(completing::unknown(command, offer), [] as [&str; 0]);
    }
}
