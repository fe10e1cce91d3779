//! A kernel's entry point, wrapped so that every workgroup says that it ran.
//!
//! Some drivers drop a submit that took too long and report success (gfx-rs/wgpu#9545). So each workgroup adds 1
//! to a counter that is read back with the results: what did not run is seen. The wrapper is made from the text
//! of the entry point, the same for every shader, so that none can forget it.

use std::fmt::Write as _;

/// Where the counter is bound.
pub const DONE_GROUP: u32 = 1;

/// WGSL with its one entry point wrapped.
///
/// # Panics
/// When the text has no entry point of that name written as `@compute @workgroup_size(…) fn name(…) {`: a
/// mistake in a shader of ours.
pub fn wrapped(source: &str, entry: &str) -> String {
    let start = source.find("@compute").expect("a shader has an entry point");
    let head = format!("fn {entry}(");
    let at = source[start..].find(&head).expect("the entry point of the table") + start;
    let attributes = &source[start..at];
    let open = at + head.len();
    let close = open + closing(&source[open..]);
    let parameters = parameters(&source[open..close]);
    let plain: Vec<String> = parameters.iter().map(|p| format!("{}: {}", p.name, p.kind)).collect();
    let names: Vec<&str> = parameters.iter().map(|p| p.name).collect();
    let local = parameters.iter().find(|p| p.builtin == "local_invocation_index");
    let mut outer = source[open..close].trim().trim_end_matches(',').to_string();
    if local.is_none() {
        outer.push_str(", @builtin(local_invocation_index) done_local: u32");
    }
    let local = local.map_or("done_local", |p| p.name);
    let mut text = String::with_capacity(source.len() + 400);
    text.push_str(&source[..start]);
    write!(text, "fn {entry}_work({}", plain.join(", ")).expect("a string");
    text.push_str(&source[close..]);
    write!(
        text,
        "\n@group({DONE_GROUP}) @binding(0) var<storage, read_write> workgroups_done: array<atomic<u32>>;\n\n\
         {attributes}fn {entry}({outer}) {{\n    {entry}_work({});\n    if {local} == 0u {{\n        \
         atomicAdd(&workgroups_done[0], 1u);\n    }}\n}}\n",
        names.join(", ")
    )
    .expect("a string");
    text
}

struct Parameter<'a> {
    builtin: &'a str,
    name: &'a str,
    kind: &'a str,
}

/// The place of the bracket that closes what came before.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    let end = text.bytes().position(|byte| {
        depth += match byte {
            b'(' => 1,
            b')' => -1,
            _ => 0,
        };
        depth == 0
    });
    end.expect("a bracket that closes")
}

/// `@builtin(x) name: kind`, parted by commas.
fn parameters(text: &str) -> Vec<Parameter<'_>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let parts = parts.map(|part| {
        let (builtin, rest) = part.split_once(')').expect("a builtin");
        let (name, kind) = rest.split_once(':').expect("a name and a type");
        let builtin = builtin.trim_start_matches("@builtin(").trim();
        Parameter { builtin, name: name.trim(), kind: kind.trim() }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_point_becomes_a_function_and_a_wrapper() {
        let source = "@compute @workgroup_size(256)\nfn x(@builtin(global_invocation_id) id: vec3<u32>) {\n    a(id);\n}\n";
        let text = wrapped(source, "x");
        assert!(text.starts_with("fn x_work(id: vec3<u32>) {\n    a(id);\n}\n"), "{text}");
        let outer = "@compute @workgroup_size(256)\nfn x(@builtin(global_invocation_id) id: vec3<u32>, \
                     @builtin(local_invocation_index) done_local: u32) {\n    x_work(id);\n    if done_local == 0u {";
        assert!(text.contains(outer), "{text}");
    }

    #[test]
    fn an_index_that_is_there_is_used() {
        let source = "@compute @workgroup_size(1)\nfn x(@builtin(workgroup_id) g: vec3<u32>, \
                      @builtin(local_invocation_index) local: u32) {}";
        let text = wrapped(source, "x");
        assert!(text.contains("x_work(g, local);\n    if local == 0u {"), "{text}");
        assert_eq!(text.matches("local_invocation_index").count(), 1);
    }
}
