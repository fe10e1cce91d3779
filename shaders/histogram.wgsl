// `histogram`: integer counts of priorities by the high bits of their bit pattern.
//
// The bits of a float >= 0 order like the float, so a bin is a range of priorities: bin = bits >> 15, 2^16
// bins. Unknown cells are not counted. An invocation visits 16 cells, 256 apart, and counts equal neighbours
// together: ties would otherwise wait on one counter. Twin: src/score/histogram.rs, histogram.

struct Params {
    n_cells: u32,
    groups_across: u32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> priority: array<f32>;
@group(0) @binding(2) var<storage, read_write> bins: array<atomic<u32>>;

const CELLS_EACH: u32 = 16u;

@compute @workgroup_size(256)
fn histogram(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    var cell = group_index(group, params.groups_across) * GROUP_CELLS * CELLS_EACH + local;
    var run_bin = 0u;
    var run = 0u;
    for (var i = 0u; i < CELLS_EACH; i += 1u) {
        if cell < params.n_cells && !is_unknown(priority[cell]) {
            let bin = (bitcast<u32>(priority[cell]) & 0x7FFFFFFFu) >> LOW_BITS;
            if bin == run_bin {
                run += 1u;
            } else {
                if run > 0u {
                    atomicAdd(&bins[run_bin], run);
                }
                run_bin = bin;
                run = 1u;
            }
        }
        cell += GROUP_CELLS;
    }
    if run > 0u {
        atomicAdd(&bins[run_bin], run);
    }
}
