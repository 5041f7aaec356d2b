//! Every link leads somewhere, and every page is found from docs/README.md.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::page::{documents, package, text};

/// A document's text without its blocks of code.
fn prose(document: &str) -> String {
    let mut open = false;
    text(document)
        .lines()
        .filter(|line| {
            let fence = line.trim_start().starts_with("```");
            open ^= fence;
            !open && !fence
        })
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Where the links of a document lead, but for those to other sites: the file, relative to the package, and the heading.
fn links(document: &str) -> Vec<(String, Option<String>)> {
    let directory = Path::new(document).parent().unwrap_or(Path::new(""));
    prose(document)
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://"))
        .map(|target| {
            let (file, heading) = target
                .split_once('#')
                .map_or((target, None), |(file, heading)| (file, Some(heading)));
            let file = match file {
                "" => document.to_owned(),
                file => plain(&directory.join(file)),
            };
            (file, heading.map(str::to_owned))
        })
        .collect()
}

/// A relative path without `..`.
fn plain(path: &Path) -> String {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(plain.pop(), "{path:?} leads out of the package"),
            part => plain.push(part),
        }
    }
    plain.to_string_lossy().into_owned()
}

/// What headings are called in links, as the sites that show Markdown make it.
fn anchors(document: &str) -> BTreeSet<String> {
    prose(document)
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            title
                .chars()
                .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
                .map(|letter| if letter == ' ' { '-' } else { letter })
                .collect()
        })
        .collect()
}

#[test]
fn every_link_in_the_documents_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for document in documents() {
        for (file, heading) in links(&document) {
            if !package().join(&file).exists() {
                broken.push(format!("{document} links to `{file}`, which is not there"));
            } else if let Some(heading) = heading
                && !anchors(&file).contains(&heading)
            {
                broken.push(format!("{document}: `{file}` has no heading `#{heading}`"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_page_is_reached_from_the_index_and_the_index_from_the_readme() {
    let index = "docs/README.md".to_owned();
    assert!(
        links("README.md").iter().any(|(file, _)| *file == index),
        "README.md does not link to {index}"
    );
    let mut reached = BTreeSet::from([index.clone()]);
    let mut left = vec![index];
    while let Some(document) = left.pop() {
        for (file, _) in links(&document) {
            let is_page = file.ends_with(".md") && package().join(&file).exists();
            if is_page && reached.insert(file.clone()) {
                left.push(file);
            }
        }
    }
    for document in documents() {
        assert!(
            reached.contains(&document),
            "nothing leads from docs/README.md to {document}"
        );
    }
}
