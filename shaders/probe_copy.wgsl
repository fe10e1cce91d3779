// `probe_copy`: one buffer into another, four words an invocation: what the device's memory gives at best.
//
// No stage of scoring: `clearway bench` holds stages against it. Twin: src/bench/limits.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> copied: array<vec4<f32>>;

@compute @workgroup_size(256)
fn probe_copy(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let four = cell_index(group, local, params.groups_across);
    if four >= params.n_cells / 4u {
        return;
    }
    copied[four] = source[four];
}
