// `refine`: integer counts of the priorities in full bins by part, or of those in full parts by theirs.
//
// pointers[place] says where a bin's or part's own parts are, 0 where there are none; what lies beyond the n_places of
// them is counted. Unknown cells are not. Equal neighbours are counted together as in histogram.wgsl.
// Twin: src/score/histogram.rs, refine.

struct Params {
    n_cells: u32,
    groups_across: u32,
    n_places: u32,
    pad_a: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> priority: array<f32>;
@group(0) @binding(2) var<storage, read> pointers: array<u32>;
@group(0) @binding(3) var<storage, read_write> refined: array<atomic<u32>>;

const CELLS_EACH: u32 = 16u;

fn place_of(key: u32) -> u32 {
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
fn refine(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    var cell = group_index(group, params.groups_across) * GROUP_CELLS * CELLS_EACH + local;
    var run_at = 0u;
    var run = 0u;
    for (var i = 0u; i < CELLS_EACH; i += 1u) {
        if cell < params.n_cells && !is_unknown(priority[cell]) {
            let at = place_of(bitcast<u32>(priority[cell]) & 0x7FFFFFFFu);
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
