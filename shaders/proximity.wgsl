// `proximity`: distance (m) from the cell's centre to the nearest feature of a vector layer, 0 inside a polygon.
//
// One workgroup a block of 16 x 16 cells; the pieces that can be nearest to any of its cells are listed on the
// CPU, with a mask of the cells inside. The root of the least squared distance is a chord where 1 / R^2 is given,
// lengthened to its arc. Known everywhere. Twin: src/score/proximity.rs.

struct Params {
    n_cols: u32,
    n_rows: u32,
    skip_cols: u32,
    skip_rows: u32,
    blocks_across: u32,
    inverse_radius2: f32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> blocks: array<vec4<u32>>; // first group, groups, -, rows in axes
@group(0) @binding(2) var<storage, read> groups: array<vec4<u32>>; // first piece, pieces, mask
@group(0) @binding(3) var<storage, read> pieces: array<vec4<f32>>; // a, along
@group(0) @binding(4) var<storage, read> masks: array<u32>;
@group(0) @binding(5) var<storage, read> axes: array<vec4<f32>>; // 16 columns, then rows
@group(0) @binding(6) var<storage, read_write> out: array<f32>;

const FARTHEST2: f32 = 6.4e15;

@compute @workgroup_size(16, 16)
fn proximity(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let col = group.x * BLOCK_SIDE + local.x;
    let row = group.y * BLOCK_SIDE + local.y;
    if col < params.skip_cols || row < params.skip_rows {
        return;
    }
    if col - params.skip_cols >= params.n_cols || row - params.skip_rows >= params.n_rows {
        return;
    }
    let block = blocks[group.y * params.blocks_across + group.x];
    let at = block_position(axes[local.x], axes[block.w + local.y]);
    let cell = local.y * BLOCK_SIDE + local.x;
    var least2 = FARTHEST2;
    for (var g = 0u; g < block.y; g += 1u) {
        let listed = groups[block.x + g];
        if listed.z < NO_MASK {
            if ((masks[listed.z + cell / 32u] >> (cell % 32u)) & 1u) == 1u {
                least2 = 0.0;
            }
        }
        for (var p = listed.x; p < listed.x + listed.y; p += 1u) {
            least2 = min(least2, piece_distance2(at, pieces[2u * p], pieces[2u * p + 1u]));
        }
    }
    let k = least2 * params.inverse_radius2;
    let arc = sqrt(least2) * (1.0 + k * (1.0 / 24.0 + k * (3.0 / 640.0)));
    out[(row - params.skip_rows) * params.n_cols + col - params.skip_cols] = arc;
}
