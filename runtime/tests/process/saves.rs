//! Every way in which a policy is saved, seen once and whole.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use claw_runtime::policy::watch::Pace;

use crate::house::{BY_EVENTS, House, policy};

const URL: &str = "http://127.0.0.1:9/v1";

fn model(number: usize) -> String {
    policy(URL, &format!("m{number}"), "key none")
}

fn in_force(house: &House) -> String {
    house.process.live.peek().table.policy().offered.join(",")
        + &house.process.live.peek().table.policy().providers[0].models[0].name
}

#[tokio::test]
async fn a_save_by_rename_and_a_save_by_writing_over_are_taken() {
    let mut house = House::start(&model(0));
    house.save(&model(1));
    house.policy_event("taken").await;
    assert_eq!(in_force(&house), "m1");
    // As vim does with `backupcopy=no`: the old one is moved away, a new file takes its name.
    let file = house.folder.path().join("p.claw");
    fs::rename(&file, house.folder.path().join("p.claw~")).unwrap();
    fs::write(&file, model(2)).unwrap();
    let event = house.event().await;
    if event["result"] == "refused" {
        // It was looked at just between the two steps.
        house.policy_event("taken").await;
    }
    assert_eq!(in_force(&house), "m2");
    house.end();
}

#[tokio::test]
async fn a_half_written_file_is_refused_and_taken_once_it_is_whole() {
    let mut house = House::start(&model(0));
    let file = house.folder.path().join("p.claw");
    let text = model(1);
    fs::write(&file, &text[..text.len() / 2]).unwrap();
    let refused = house.policy_event("refused").await;
    assert_eq!(refused["code"], "policy_invalid");
    assert!(
        refused["text"].as_str().unwrap().contains("p.claw"),
        "rendered: {refused}"
    );
    assert!(refused["diagnostics"]["errors"].as_u64().unwrap() > 0);
    assert_eq!(in_force(&house), "m0");
    fs::write(&file, &text).unwrap();
    house.policy_event("taken").await;
    assert_eq!(in_force(&house), "m1");
    house.end();
}

#[tokio::test]
async fn what_editors_leave_beside_a_policy_is_no_policy() {
    let mut house = House::start(&model(0));
    let folder = house.folder.path();
    for name in [
        ".p.claw.swp",
        "p.claw~",
        "#p.claw#",
        "4913",
        "p.claw.tmp",
        ".hidden.claw",
        "p.claw.bak",
    ] {
        fs::write(folder.join(name), "class {{{ broken").unwrap();
    }
    symlink("nobody@nowhere.1234", folder.join(".#p.claw")).unwrap();
    fs::create_dir(folder.join(".git")).unwrap();
    fs::write(folder.join(".git/x.claw"), "broken {").unwrap();
    house.expect_same().await;
    assert_eq!(in_force(&house), "m0");
    house.end();
}

#[tokio::test]
async fn a_new_folder_below_is_watched_from_then_on() {
    let mut house = House::start(&model(0));
    let below = house.folder.path().join("teams");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("ml.claw"), "class ml { primary up/m0 }\n").unwrap();
    house.policy_event("taken").await;
    assert_eq!(house.process.live.peek().table.policy().classes.len(), 2);
    crate::house::save(&below.join("ml.claw"), "class other { primary up/m0 }\n");
    house.policy_event("taken").await;
    let snapshot = house.process.live.take();
    assert!(
        snapshot
            .table
            .policy()
            .classes
            .iter()
            .any(|class| class.name == "other")
    );
    house.end();
}

/// One generation of a mounted config map: two files that fit each other and no other generation.
fn generation(folder: &Path, number: usize) -> String {
    let name = format!("..2026_{number}");
    let inside = folder.join(&name);
    fs::create_dir(&inside).unwrap();
    let text = model(number);
    let (provider, rest) = text.split_at(text.find("class work").unwrap());
    fs::write(inside.join("a.claw"), provider).unwrap();
    fs::write(inside.join("z.claw"), rest).unwrap();
    name
}

#[tokio::test]
async fn a_config_map_swap_is_seen_whole_twenty_times() {
    let folder = tempfile::tempdir().unwrap();
    let mount = folder.path().join("policy");
    fs::create_dir(&mount).unwrap();
    symlink(generation(&mount, 0), mount.join("..data")).unwrap();
    for file in ["a.claw", "z.claw"] {
        symlink(Path::new("..data").join(file), mount.join(file)).unwrap();
    }
    let mut house = House::of(folder, mount.clone(), BY_EVENTS).unwrap();
    for number in 1..=20 {
        symlink(generation(&mount, number), mount.join("..data_tmp")).unwrap();
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
        fs::remove_dir_all(mount.join(format!("..2026_{}", number - 1))).unwrap();
        house.policy_event("taken").await;
        assert_eq!(in_force(&house), format!("m{number}"));
    }
    house.end();
}

#[tokio::test]
async fn a_link_to_a_release_is_followed_to_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let release = |number: usize| {
        let name = folder.path().join(format!("release-{number}"));
        fs::create_dir(&name).unwrap();
        fs::write(name.join("p.claw"), model(number)).unwrap();
        name
    };
    let (one, two) = (release(1), release(2));
    let current = folder.path().join("current");
    symlink(one, &current).unwrap();
    let mut house = House::of(folder, current.clone(), BY_EVENTS).unwrap();
    let next = current.with_extension("next");
    symlink(&two, &next).unwrap();
    fs::rename(&next, &current).unwrap();
    house.policy_event("taken").await;
    assert_eq!(in_force(&house), "m2");
    // The folder that the link leads to now is the one that is watched.
    crate::house::save(&two.join("p.claw"), &model(3));
    house.policy_event("taken").await;
    assert_eq!(in_force(&house), "m3");
    house.end();
}

#[tokio::test]
async fn a_deleted_file_or_folder_is_refused_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("policy");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("p.claw"), model(0)).unwrap();
    let mut house = House::of(folder, inside.clone(), BY_EVENTS).unwrap();
    fs::remove_file(inside.join("p.claw")).unwrap();
    assert_eq!(house.policy_event("refused").await["code"], "policy_empty");
    fs::remove_dir(&inside).unwrap();
    assert_eq!(
        house.policy_event("refused").await["code"],
        "policy_unreadable"
    );
    assert_eq!(in_force(&house), "m0");
    let beside = inside.with_extension("new");
    fs::create_dir(&beside).unwrap();
    fs::write(beside.join("p.claw"), model(1)).unwrap();
    fs::rename(&beside, &inside).unwrap();
    house.policy_event("taken").await;
    crate::house::save(&inside.join("p.claw"), &model(2));
    house.policy_event("taken").await;
    assert_eq!(in_force(&house), "m2");
    house.end();
}

#[tokio::test]
async fn a_compiled_file_is_watched_like_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.clawt");
    fs::write(&file, crate::refusals::table(&model(0))).unwrap();
    let mut house = House::of(folder, file.clone(), BY_EVENTS).unwrap();
    let next = file.with_extension("next");
    fs::write(&next, crate::refusals::table(&model(1))).unwrap();
    fs::rename(&next, &file).unwrap();
    house.policy_event("taken").await;
    assert_eq!(in_force(&house), "m1");
    house.end();
}

#[tokio::test]
async fn what_no_event_tells_of_is_found_by_the_poll() {
    let folder = tempfile::tempdir().unwrap();
    let (policy, away) = (folder.path().join("policy"), folder.path().join("away"));
    fs::create_dir(&policy).unwrap();
    fs::create_dir(&away).unwrap();
    fs::write(away.join("p.claw"), model(0)).unwrap();
    // The folder of the link is watched, the one it leads to is not.
    symlink(away.join("p.claw"), policy.join("p.claw")).unwrap();
    let pace = Pace {
        poll: Duration::from_millis(20),
        ..BY_EVENTS
    };
    let mut house = House::of(folder, policy, pace).unwrap();
    crate::house::save(&away.join("p.claw"), &model(1));
    house.policy_event("taken").await;
    assert_eq!(in_force(&house), "m1");
    house.end();
}

#[tokio::test]
async fn a_storm_of_saves_is_few_reloads_and_the_last_one_wins() {
    const SAVES: usize = 300;
    let mut house = House::start(&model(0));
    for number in 1..=SAVES {
        house.save(&model(number));
        tokio::task::yield_now().await;
    }
    while in_force(&house) != format!("m{SAVES}") {
        let event = house.event().await;
        // Saves that overtake the compiler are tried again, and that is said.
        assert!(
            event["result"] == "taken" || event["code"] == "policy_unsteady",
            "{event}"
        );
    }
    let reloads = house.told.len();
    assert!(reloads < SAVES / 4, "{reloads} reloads for {SAVES} saves");
    house.end();
}
