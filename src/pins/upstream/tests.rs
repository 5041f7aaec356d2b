//! What a mirror says, against a harness whose refs move.

use super::super::fixture::{World, git};
use super::*;

fn says(mirror: &Mirror, reference: &str, commit: &CommitId) -> Upstream {
    mirror.says(&reference.parse().unwrap(), commit).unwrap()
}

#[test]
fn a_ref_that_moves_or_goes_is_told_from_one_that_stays() {
    let world = World::new();
    let mirror = world.mirror();
    let (first, second) = (world.commit("v0.1.0"), world.commit("v0.2.0"));
    assert!(mirror.fetched().is_some());
    assert_eq!(says(&mirror, "v0.1.0", &first), Upstream::Same);
    assert_eq!(says(&mirror, "refs/tags/v0.1.0", &first), Upstream::Same);
    assert_eq!(says(&mirror, first.short(), &first), Upstream::Same);
    assert_eq!(says(&mirror, "main", &second), Upstream::Same);
    assert_eq!(says(&mirror, "v9", &first), Upstream::NoRef);
    assert_eq!(
        says(&mirror, "v0.2.0", &first),
        Upstream::Another(second.clone())
    );
    let third = world.release("", &[("harness.toml", "three\n")]);
    git(&world.harness(), &["tag", "-f", "v0.1.0"]);
    git(&world.harness(), &["tag", "-d", "v0.2.0"]);
    mirror.fetch().unwrap();
    assert_eq!(
        says(&mirror, "v0.1.0", &first),
        Upstream::TagMoved(third.clone())
    );
    assert_eq!(says(&mirror, "v0.2.0", &second), Upstream::TagGone);
    assert_eq!(says(&mirror, "main", &second), Upstream::BranchAt(third));
}

#[test]
fn a_tag_is_read_without_opening_the_mirror() {
    let world = World::new();
    let name: Name = "demo".parse().unwrap();
    let peek = |tag: &str| {
        Mirror::peek(
            &world.cache(),
            &name,
            &world.url(),
            &tag.parse::<Ref>().unwrap(),
        )
    };
    assert_eq!(peek("v0.1.0"), None);
    let mirror = world.mirror();
    let first = Some(world.commit("v0.1.0"));
    // Annotated tags, as files and packed.
    assert_eq!(peek("v0.1.0"), first);
    assert_eq!(peek("refs/tags/v0.1.0"), first);
    git(mirror.directory(), &["pack-refs", "--all"]);
    assert_eq!(peek("v0.1.0"), first);
    assert_eq!((peek("main"), peek("v9")), (None, None));
}
