// `probe_multiply_add`: x = x * factor + term in registers, 16 independent x an invocation and four steps a turn of
// the loop: what the device's arithmetic gives at best. A driver may fuse each product with its sum.
//
// No stage of scoring: `clearway bench` holds stages against it. Twin: src/bench/limits.rs.

struct Params {
    n_turns: u32,
    groups_across: u32,
    factor: f32,
    term: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

fn advanced(x: vec4<f32>) -> vec4<f32> {
    return x * params.factor + vec4<f32>(params.term);
}

@compute @workgroup_size(256)
fn probe_multiply_add(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let place = cell_index(group, local, params.groups_across);
    var a = vec4<f32>(f32(local));
    var b = a + vec4<f32>(1.0);
    var c = a + vec4<f32>(2.0);
    var d = a + vec4<f32>(3.0);
    for (var turn = 0u; turn < params.n_turns; turn += 1u) {
        a = advanced(advanced(advanced(advanced(a))));
        b = advanced(advanced(advanced(advanced(b))));
        c = advanced(advanced(advanced(advanced(c))));
        d = advanced(advanced(advanced(advanced(d))));
    }
    let sum = a + b + c + d;
    sums[place] = sum.x + sum.y + sum.z + sum.w;
}
