//! `fleet disable` and `fleet enable`, cut off: the registry is the old text or the new one.

use super::{beside, deadly, failing_at, fallible, is_said_clearly, killed_at, moments};
use crate::sandbox::Sandbox;

const ENABLED: &str = "[fleet]\nname = \"test\"\n\n[projects.demo]   # mine\nharness = \"agents\"\nref = \"v0.1.0\"\n\
                       location = \"projects/demo\"\nenabled = true # as Ada said\n";

#[test]
fn cut_off_anywhere_it_leaves_the_old_text_or_the_new_one() {
    let sandbox = Sandbox::new();
    let disabled = ENABLED.replace("true", "false");
    sandbox.write("fleet/fleet.toml", ENABLED);
    sandbox.fleet(&["enable", "demo"]).succeeded();
    let moments = moments(&sandbox, &["disable", "demo"]);
    let known = beside(&sandbox);
    let killed = deadly(&moments).into_iter().map(|moment| (moment, None));
    let failed = ["ENOSPC", "EACCES", "EIO"].into_iter().flat_map(|error| {
        let able = fallible(&moments).into_iter();
        able.map(move |moment| (moment, Some(error)))
    });
    for (moment, error) in killed.chain(failed) {
        sandbox.write("fleet/fleet.toml", ENABLED);
        let disable = ["disable", "demo"];
        match error {
            None => drop(killed_at(&sandbox, moment, &disable)),
            Some(error) => {
                let output = failing_at(&sandbox, moment, error, &disable);
                is_said_clearly(&output, &format!("{error} at {moment:?}"));
            }
        }
        let text = sandbox.read("fleet/fleet.toml");
        assert!(text == ENABLED || text == disabled, "{moment:?}: {text}");
        sandbox.fleet(&disable).succeeded();
        assert_eq!(sandbox.read("fleet/fleet.toml"), disabled);
        // What could not be removed once is removed by the next write.
        sandbox.fleet(&["enable", "demo"]).succeeded();
        assert_eq!(beside(&sandbox), known, "{moment:?}");
    }
}
