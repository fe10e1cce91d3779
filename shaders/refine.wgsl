// `refine`: integer counts of the priorities in the named bins, by the low 11 bits of their bit pattern.
//
// index_of[bin] is 1 + the place of a refined bin, 0 for all others. Unknown cells are not counted. Equal
// neighbours are counted together as in histogram.wgsl. Twin: src/score/histogram.rs, refine.

struct Params {
    n_cells: u32,
    groups_across: u32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> priority: array<f32>;
@group(0) @binding(2) var<storage, read> index_of: array<u32>;
@group(0) @binding(3) var<storage, read_write> refined: array<atomic<u32>>;

const CELLS_EACH: u32 = 16u;
const LOW_BITS: u32 = 11u;
const N_REFINED: u32 = 2048u;

@compute @workgroup_size(256)
fn refine(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    var cell = group_index(group, params.groups_across) * GROUP_CELLS * CELLS_EACH + local;
    var run_at = 0u;
    var run = 0u;
    for (var i = 0u; i < CELLS_EACH; i += 1u) {
        if cell < params.n_cells && !is_unknown(priority[cell]) {
            let key = bitcast<u32>(priority[cell]) & 0x7FFFFFFFu;
            let index = index_of[key >> LOW_BITS];
            if index > 0u {
                let at = (index - 1u) * N_REFINED + (key & (N_REFINED - 1u));
                if at == run_at {
                    run += 1u;
                } else {
                    if run > 0u {
                        atomicAdd(&refined[run_at], run);
                    }
                    run_at = at;
                    run = 1u;
                }
            }
        }
        cell += GROUP_CELLS;
    }
    if run > 0u {
        atomicAdd(&refined[run_at], run);
    }
}
