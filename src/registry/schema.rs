//! The JSON schema of fleet.toml, for editors, and the text that a new one begins with.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::text::FileText;
use crate::names::OneLine;

/// Returns the JSON schema of fleet.toml, made from the very types that read it.
pub(crate) fn schema() -> Value {
    // The newest draft that the editors' TOML plug-ins know well.
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<FileText>().to_value();
    without_null(&mut schema);
    schema
}

/// Takes `null` out of what may be left out: TOML has no such value.
fn without_null(schema: &mut Value) {
    let null = |kind: &Value| kind == "null" || kind["type"] == "null";
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(kinds)) = object.get_mut("type") {
                kinds.retain(|kind| !null(kind));
                if let [only] = &kinds[..] {
                    object["type"] = only.clone();
                }
            }
            if let Some(Value::Array(kinds)) = object.get_mut("anyOf") {
                kinds.retain(|kind| !null(kind));
                if let Some(kinds) = object.remove("anyOf") {
                    // As the generator spells a reference that has a description beside it.
                    object.insert("allOf".to_owned(), kinds);
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(values) => values.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns the fleet.toml of a new fleet; `name` is a valid name, and `operator` the person's, where it is known.
pub(crate) fn new_registry_text(name: &str, operator: Option<&OneLine>) -> String {
    let operator = match operator {
        Some(operator) => format!(
            "# Who operates this fleet, for `fleet history`. No project is told.\n\
             [operator]\n\
             name = {}\n\
             role = \"human\"\n",
            toml_edit::Value::from(operator.as_str())
        ),
        None => "# Who operates this fleet, for `fleet history`. No project is told.\n\
             # [operator]\n\
             # name = \"Ada Example\"\n"
            .to_owned(),
    };
    format!(
        "# The projects of this fleet. Edit it as you like: fleet changes single values and keeps the rest.\n\
         # Every key is explained in docs/fleet-registry.md of fleet; `fleet validate` checks this file.\n\
         \n\
         [fleet]\n\
         name = \"{name}\"\n\
         \n\
         {operator}\
         \n\
         # `fleet create NAME` adds a project below.\n"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Registry;
    use super::*;

    const COMMITTED: &str = include_str!("../../docs/fleet.schema.json");
    const EXAMPLE: &str = include_str!("../../fleet.toml.example");

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        if crate::reference::is_regenerating() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fleet.schema.json");
            let text = serde_json::to_string_pretty(&schema()).unwrap();
            return std::fs::write(path, text + "\n").unwrap();
        }
        let committed: serde_json::Value = serde_json::from_str(COMMITTED).unwrap();
        assert_eq!(committed, schema(), "write it anew: .ci/regenerate");
    }

    #[test]
    fn the_reference_is_the_one_of_the_types() {
        crate::reference::is_up_to_date("docs/fleet-registry.md", "fleet.toml", &schema());
    }

    #[test]
    fn the_example_parses_and_shows_every_key_of_the_schema_once() {
        assert!(EXAMPLE.starts_with("#:schema ./docs/fleet.schema.json\n"));
        let registry = Registry::parse(EXAMPLE, Path::new("/fleet")).unwrap();
        assert_eq!(registry.warnings, []);
        let schema = schema();
        let top = schema["properties"].as_object().unwrap();
        let definitions = schema["definitions"].as_object().unwrap();
        let tables = ["Fleet", "Operator", "Harness", "Project", "Restart"];
        let nested = tables.iter().flat_map(|table| {
            let properties = definitions[*table]["properties"].as_object().unwrap();
            properties.keys()
        });
        for key in nested {
            let lines = EXAMPLE.lines().filter(|line| {
                let entry = line.trim_start_matches("# ");
                entry.starts_with(&format!("{key} = ")) || entry.contains(&format!(".{key}]"))
            });
            // `projects` is the name of a setting and of a table.
            assert!(lines.count() >= 1, "no `{key}` in the example");
        }
        for key in top.keys() {
            assert!(
                EXAMPLE.contains(&format!("\n[{key}")),
                "no `[{key}` in the example"
            );
        }
    }

    #[test]
    fn a_new_registry_is_valid() {
        let odd = r#"Ada "the \o/" Example"#;
        for name in [None, Some("Ada"), Some(odd)] {
            let operator = name.map(|name| name.parse().unwrap());
            let text = new_registry_text("home", operator.as_ref());
            let registry = Registry::parse(&text, Path::new("/x")).unwrap();
            assert_eq!(registry.fleet.name.as_str(), "home");
            assert!(registry.projects.is_empty());
            let read = registry.operator.map(|operator| operator.to_string());
            assert_eq!(read, name.map(|name| format!("{name}, human")));
        }
    }
}
