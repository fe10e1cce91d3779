// `exposure`, second half: sums along rows -> exposure on the tile, people.
//
// Weights by the true distance in metres between row centres (a full table for each row of the tile, north to south;
// all rows of a projected frame share one). The sum runs from the northernmost row southward, and is added to the
// kernel's parts before it. Products and sums are rounded as in exposure_across.wgsl. Cells that are not scored
// (hazard unknown) are unknown. An invocation computes four rows, so that a sum loaded serves four.
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

// The weight of a source row for an output row; 0 beyond its reach, which changes no bit of a sum.
fn weight_of(source: u32, table: vec4<u32>) -> f32 {
    let k = source - table.x;
    return select(0.0, weights[table.z + min(k, table.y - 1u)], k < table.y);
}

@compute @workgroup_size(64)
fn exposure_down(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let col = group.x * 64u + local;
    let first = group.y * 4u + params.first_row;
    if col >= params.n_cols || first >= params.n_rows {
        return;
    }
    let n = min(4u, params.n_rows - first);
    let a = rows[first];
    let b = rows[first + min(1u, n - 1u)];
    let c = rows[first + min(2u, n - 1u)];
    let d = rows[first + n - 1u];
    var n_scored = 0u;
    for (var i = 0u; i < n; i += 1u) {
        n_scored += select(1u, 0u, is_unknown(hazard[(first + i) * params.n_cols + col]));
    }
    let north = min(min(a.x, b.x), min(c.x, d.x));
    let beyond = max(max(a.x + a.y, b.x + b.y), max(c.x + c.y, d.x + d.y));
    let end = select(north, beyond, n_scored > 0u);
    var sum = vec4<f32>(0.0, 0.0, 0.0, 0.0);
    for (var source = north; source < end; source += 1u) {
        let weight =
            vec4<f32>(weight_of(source, a), weight_of(source, b), weight_of(source, c), weight_of(source, d));
        sum = fma(weight, vec4<f32>(across[source * params.across_stride + col]), sum);
    }
    for (var i = 0u; i < n; i += 1u) {
        let cell = (first + i) * params.n_cols + col;
        if is_unknown(hazard[cell]) {
            out[cell] = UNKNOWN;
        } else if params.is_first == 0u {
            out[cell] = out[cell] + sum[i];
        } else {
            out[cell] = sum[i];
        }
    }
}
