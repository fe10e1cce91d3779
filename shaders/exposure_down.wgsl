// `exposure`, second half: sums along rows -> exposure on the tile, people.
//
// Weights by the true distance in metres between row centres (a full table for each row of the tile, north to
// south; all rows of a projected frame share one). The sum runs from the northernmost row southward, and is
// added to the kernel's parts before it. Cells that are not scored (hazard unknown) are unknown.
// Twin: src/score/exposure/parts/down.rs.

struct Params {
    n_cols: u32,
    n_rows: u32,
    across_stride: u32,
    first_row: u32,
    is_first: u32,
    pad_a: u32,
    pad_b: u32,
    pad_c: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> across: array<f32>;
@group(0) @binding(2) var<storage, read> hazard: array<f32>;
@group(0) @binding(3) var<storage, read> rows: array<vec4<u32>>; // first source row, count, offset, 0 by row
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64, 4)
fn exposure_down(@builtin(global_invocation_id) id: vec3<u32>) {
    let col = id.x;
    let row = id.y + params.first_row;
    if col >= params.n_cols || row >= params.n_rows {
        return;
    }
    let cell = row * params.n_cols + col;
    if is_unknown(hazard[cell]) {
        out[cell] = UNKNOWN;
        return;
    }
    let table = rows[row];
    let source = table.x * params.across_stride + col;
    var sum = 0.0;
    for (var k = 0u; k < table.y; k += 1u) {
        sum += weights[table.z + k] * across[source + k * params.across_stride];
    }
    if params.is_first == 0u {
        sum = out[cell] + sum;
    }
    out[cell] = sum;
}
