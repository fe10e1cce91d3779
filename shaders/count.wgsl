// `count`: features of a vector layer within a radius of the cell's centre, each counted once.
//
// One workgroup a block of 16 x 16 cells. A group is one feature that reaches some of the block's cells and not surely
// all; those that reach all are a number. A feature counts where its nearest piece lies within the radius, or
// where the mask says that the cell lies inside. Known everywhere. Twin: src/score/count.rs.

struct Params {
    n_cols: u32,
    n_rows: u32,
    skip_cols: u32,
    skip_rows: u32,
    blocks_across: u32,
    radius2: f32,
    pad_a: u32,
    pad_b: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> blocks: array<vec4<u32>>; // first group, groups, everywhere, rows in axes
@group(0) @binding(2) var<storage, read> groups: array<vec4<u32>>; // first piece, pieces, mask
@group(0) @binding(3) var<storage, read> pieces: array<vec4<f32>>; // a, along
@group(0) @binding(4) var<storage, read> masks: array<u32>;
@group(0) @binding(5) var<storage, read> axes: array<vec4<f32>>; // 16 columns, then rows
@group(0) @binding(6) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(16, 16)
fn count(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
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
    var n = block.z;
    for (var g = 0u; g < block.y; g += 1u) {
        let listed = groups[block.x + g];
        var is_near = 0u;
        if listed.z < NO_MASK {
            is_near = (masks[listed.z + cell / 32u] >> (cell % 32u)) & 1u;
        }
        for (var p = listed.x; p < listed.x + listed.y; p += 1u) {
            if piece_distance2(at, pieces[2u * p], pieces[2u * p + 1u]) <= params.radius2 {
                is_near = 1u;
            }
        }
        n += is_near;
    }
    out[(row - params.skip_rows) * params.n_cols + col - params.skip_cols] = f32(n);
}
