// `spread`: integer counts of a criterion's values by the bits of their bit pattern, at the levels of levels.wgsl.
//
// key orders like x, negative values too; -0 counts as 0. With n_places 0 a cell counts by bin: key >> 15, 2^17 bins.
// Otherwise pointers[place] says where a bin's or part's own parts are, 0 where there are none; what lies beyond the
// n_places of them is counted. Unknown cells are not. An invocation visits 16 cells, 256 apart, and counts equal
// neighbours together. Twin: src/score/quantile.rs, spread and spread_finer.

struct Params {
    n_cells: u32,
    groups_across: u32,
    n_places: u32,
    pad_a: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cells: array<f32>;
@group(0) @binding(2) var<storage, read> pointers: array<u32>;
@group(0) @binding(3) var<storage, read_write> bins: array<atomic<u32>>;

const CELLS_EACH: u32 = 16u;

fn place_of(x: f32) -> u32 {
    let bits = bitcast<u32>(x);
    let key = select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
    var place = key >> LOW_BITS;
    for (var step = 0u; step < MOST_STEPS; step += 1u) {
        if place >= params.n_places {
            break;
        }
        let entry = pointers[place];
        if entry == 0u {
            return NOWHERE;
        }
        place = next_place(entry, key);
    }
    return place - params.n_places;
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
