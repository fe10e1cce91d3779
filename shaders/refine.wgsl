// `refine`: integer counts of the priorities in the named bins by part, or of those in the named parts by key.
//
// index_of[bin] is 1 + the place of a refined bin, 0 for all others; from n_bins on the same by refined bin and part.
// Unknown cells are not counted. Equal neighbours are counted together as in histogram.wgsl.
// Twin: src/score/histogram.rs, refine.

struct Params {
    n_cells: u32,
    groups_across: u32,
    is_last: u32,
    n_bins: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> priority: array<f32>;
@group(0) @binding(2) var<storage, read> index_of: array<u32>;
@group(0) @binding(3) var<storage, read_write> refined: array<atomic<u32>>;

const CELLS_EACH: u32 = 16u;

@compute @workgroup_size(256)
fn refine(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    var cell = group_index(group, params.groups_across) * GROUP_CELLS * CELLS_EACH + local;
    var run_at = 0u;
    var run = 0u;
    for (var i = 0u; i < CELLS_EACH; i += 1u) {
        if cell < params.n_cells && !is_unknown(priority[cell]) {
            let key = bitcast<u32>(priority[cell]) & 0x7FFFFFFFu;
            var at = finer_place(key, index_of[key >> LOW_BITS]);
            if params.is_last == 1u && at < NOWHERE {
                at = last_place(key, index_of[params.n_bins + at]);
            }
            if at < NOWHERE {
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
