// `exposure`, first half: population on the source window -> sums along each source row, people.
//
// Weights by that row's cell width (tables made on the CPU, a half table from the centre outward for each
// source row). The sum runs from the centre outward in pairs, west + east. Unknown population is 0 already,
// and so is what lies beyond the frame. Twin: src/score/exposure/parts/across.rs.

struct Params {
    n_cols: u32,
    n_rows: u32,
    source_stride: u32,
    out_stride: u32,
    halo_cols: u32,
    first_row: u32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> population: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<vec2<u32>>; // offset, radius by source row
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(256)
fn exposure_across(@builtin(global_invocation_id) id: vec3<u32>) {
    let col = id.x;
    let row = id.y + params.first_row;
    if col >= params.n_cols || row >= params.n_rows {
        return;
    }
    let offset = rows[row].x;
    let radius = rows[row].y;
    let centre = row * params.source_stride + col + params.halo_cols;
    var sum = weights[offset] * population[centre];
    for (var k = 1u; k <= radius; k += 1u) {
        sum += weights[offset + k] * (population[centre - k] + population[centre + k]);
    }
    out[row * params.out_stride + col] = sum;
}
