// `exposure`, first half: population on the source window -> sums along each source row, people.
//
// Weights by that row's cell width (tables made on the CPU, a half table from the centre outward for each
// source row). The sum runs from the centre outward in pairs, west + east. Unknown population is 0 already,
// and so is what lies beyond the frame. A product and the sum it goes into are rounded once, as natively, by every
// device that has the operation (llvmpipe and SwiftShader make two of it). An invocation computes four neighbours, so
// that a cell loaded serves four sums; what it reads past the row's end is not written.
// Twin: src/score/exposure/parts/across.rs.

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

@compute @workgroup_size(64)
fn exposure_across(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let col = (group.x * 64u + local) * 4u;
    let row = group.y + params.first_row;
    if col >= params.n_cols || row >= params.n_rows {
        return;
    }
    let offset = rows[row].x;
    let radius = rows[row].y;
    let centre = row * params.source_stride + col + params.halo_cols;
    var west = vec4<f32>(
        population[centre], population[centre + 1u], population[centre + 2u], population[centre + 3u]
    );
    var east = west;
    var sum = weights[offset] * west;
    for (var k = 1u; k <= radius; k += 1u) {
        west = vec4<f32>(population[centre - k], west.xyz);
        east = vec4<f32>(east.yzw, population[centre + 3u + k]);
        sum = fma(vec4<f32>(weights[offset + k]), west + east, sum);
    }
    let to = row * params.out_stride + col;
    for (var i = 0u; i < min(4u, params.n_cols - col); i += 1u) {
        out[to + i] = sum[i];
    }
}
