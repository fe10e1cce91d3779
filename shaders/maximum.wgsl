// `maximum`: the largest value of a plane of values >= 0, by their bits, which order like the values.
//
// Unknown cells do not count; a plane without a known cell gives 0. Twin: src/score/maximum.rs.

struct Params {
    n_cells: u32,
    groups_across: u32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cells: array<f32>;
@group(0) @binding(2) var<storage, read_write> maximum_bits: array<atomic<u32>>;

var<workgroup> group_maximum: atomic<u32>;

@compute @workgroup_size(256)
fn maximum(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    if local == 0u {
        atomicStore(&group_maximum, 0u);
    }
    workgroupBarrier();
    let cell = cell_index(group, local, params.groups_across);
    if cell < params.n_cells {
        let x = cells[cell];
        if !is_unknown(x) {
            atomicMax(&group_maximum, bitcast<u32>(x) & 0x7FFFFFFFu);
        }
    }
    workgroupBarrier();
    if local == 0u {
        atomicMax(&maximum_bits[0], atomicLoad(&group_maximum));
    }
}
