// `spread`: integer counts of a criterion's values by the bits of their bit pattern, at three levels.
//
// key orders like x, negative values too; -0 counts as 0. Level 0: bin = key >> 11, 2^21 bins. Level 1: the bins that
// index_of names (1 + the place of a refined bin, 0 for all others), by part. Level 2: the parts that it names from
// n_bins on, by key. Unknown cells are not counted. An invocation visits 16 cells, 256 apart, and counts equal
// neighbours together. Twin: src/score/quantile.rs, spread and spread_finer.

struct Params {
    n_cells: u32,
    groups_across: u32,
    level: u32,
    n_bins: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cells: array<f32>;
@group(0) @binding(2) var<storage, read> index_of: array<u32>;
@group(0) @binding(3) var<storage, read_write> bins: array<atomic<u32>>;

const CELLS_EACH: u32 = 16u;

fn place_of(x: f32) -> u32 {
    let bits = bitcast<u32>(x);
    let key = select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
    if params.level == 0u {
        return key >> LOW_BITS;
    }
    let at = finer_place(key, index_of[key >> LOW_BITS]);
    if params.level == 1u || at == NOWHERE {
        return at;
    }
    return last_place(key, index_of[params.n_bins + at]);
}

@compute @workgroup_size(256)
fn spread(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    var cell = group_index(group, params.groups_across) * GROUP_CELLS * CELLS_EACH + local;
    var run_bin = NOWHERE;
    var run = 0u;
    for (var i = 0u; i < CELLS_EACH; i += 1u) {
        if cell < params.n_cells && !is_unknown(cells[cell]) {
            let bin = place_of(cells[cell]);
            if bin == run_bin {
                run += 1u;
            } else {
                if run_bin < NOWHERE {
                    atomicAdd(&bins[run_bin], run);
                }
                run_bin = bin;
                run = 1u;
            }
        }
        cell += GROUP_CELLS;
    }
    if run_bin < NOWHERE {
        atomicAdd(&bins[run_bin], run);
    }
}
