//! What shells and terminals get of the programs: completions in the real shells, manual pages by the real `man`, and the
//! line that shows progress. And the operator, whom the trail knows and no project.

mod completions;
mod manual;
mod operator;
mod progress;
mod screen;
