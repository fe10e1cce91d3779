// `proximity_along`: along a row, from the rows to the nearest feature of each column to distances (m).
//
// One workgroup a row. The least rows of each block of columns first; then every cell looks outward from its own
// block, and passes over blocks in which nothing can be nearer. Columns without a feature hold -1; at least one of a row
// has one. Twin: src/score/proximity/along.rs.

struct Params {
    n_cols: u32,
    first_row: u32,
    block_cols: u32,
    n_blocks: u32,
    ratio: f32, // (height / width of a cell)^2
    width_m: f32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

const MOST_BLOCKS: u32 = 1024u;
const NOWHERE: f32 = 3.0e38;

var<workgroup> least: array<f32, MOST_BLOCKS>;

fn square_of(rows_away: f32) -> f32 {
    return select(params.ratio * rows_away * rows_away, NOWHERE, rows_away < 0.0);
}

// The lesser of `so_far` and the squared distance from a column to what a block of the row holds, in cells.
fn over_block(block: u32, first: u32, col: u32, so_far: f32) -> f32 {
    let begin = block * params.block_cols;
    let end = min(begin + params.block_cols, params.n_cols);
    let left = f32(max(begin, col) - col);
    let right = f32(max(col + 1u, end) - end);
    if left * left + right * right + least[block] >= so_far {
        return so_far;
    }
    var found = so_far;
    for (var other = begin; other < end; other += 1u) {
        let apart = f32(max(other, col) - min(other, col));
        found = min(found, apart * apart + square_of(rows[first + other]));
    }
    return found;
}

@compute @workgroup_size(256)
fn proximity_along(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = (params.first_row + group.x) * params.n_cols;
    for (var block = local; block < params.n_blocks; block += 256u) {
        let begin = block * params.block_cols;
        let end = min(begin + params.block_cols, params.n_cols);
        var lowest = NOWHERE;
        for (var col = begin; col < end; col += 1u) {
            lowest = min(lowest, square_of(rows[first + col]));
        }
        least[block] = lowest;
    }
    workgroupBarrier();
    for (var col = local; col < params.n_cols; col += 256u) {
        let own = col / params.block_cols;
        var found = over_block(own, first, col, NOWHERE);
        for (var step = 1u; step < params.n_blocks; step += 1u) {
            let apart = f32((step - 1u) * params.block_cols + 1u);
            if apart * apart >= found {
                break;
            }
            if own >= step {
                found = over_block(own - step, first, col, found);
            }
            if own + step < params.n_blocks {
                found = over_block(own + step, first, col, found);
            }
        }
        out[first + col] = sqrt(found) * params.width_m;
    }
}
