//! What keys ask for, done: looked up and carried out on threads, so that the screen goes on living.

use std::sync::Arc;

use anyhow::Context as _;

use crate::error::Exit;

use super::control::Wish;
use super::live::Live;
use super::model::Open;
use super::news::News;
use super::work;

impl Live {
    /// Does what a key has asked for.
    pub(super) fn grant(&mut self, wish: Wish) -> anyhow::Result<()> {
        match wish {
            Wish::Leave => self.exit = Some(Exit::Done),
            Wish::Suspend => self.suspend()?,
            Wish::LookAnew => {
                self.terminal.clear().context("cannot draw")?;
                self.follow.has_more();
                let _ = self.asked.write(1);
            }
            Wish::Plan(errand) => {
                let root = self.root.clone();
                self.post.have(move || {
                    let words = [errand.words(), vec!["--dry-run".to_owned()]].concat();
                    let told = work::run(&root, errand.line(), &words);
                    News::Planned(errand, told)
                })?;
            }
            Wish::CarryOut(errand) => {
                let root = self.root.clone();
                self.post
                    .have(move || News::Done(work::run(&root, errand.line(), &errand.words())))?;
            }
            Wish::Attach(name, agent) => {
                self.screen.give_back();
                let outcome = work::attach(&self.root, &name, agent);
                self.take_again()?;
                self.follow.has_more();
                if !outcome.is_good() {
                    self.model.open = Open::Table;
                    self.model.outcome = Some(outcome);
                }
            }
            Wish::Why(name) => {
                let fleet = Arc::clone(&self.fleet);
                self.post.have(move || {
                    let why = work::why(&fleet, &name);
                    News::Why(name, Box::new(why))
                })?;
            }
            Wish::Versions(names) => {
                let fleet = Arc::clone(&self.fleet);
                self.post.have(move || {
                    let versions = work::versions(&fleet, &names);
                    News::Versions(names, versions)
                })?;
            }
        }
        Ok(())
    }
}
