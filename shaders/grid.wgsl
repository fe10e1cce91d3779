// Shared helpers, concatenated in front of every stage.
//
// Unknown cells hold one finite sentinel, the lowest f32 (bits 0xFF7FFFFF), and are told by their bits: no
// float is ever compared for inequality, and no NaN or infinity enters a shader. Cell-wise stages run one
// invocation a cell in workgroups of 256, counted along x and then y, because one dimension may hold no more
// than 65535 workgroups.

const UNKNOWN: f32 = -3.4028234663852886e38;
const UNKNOWN_BITS: u32 = 0xFF7FFFFFu;

const GROUP_CELLS: u32 = 256u;

fn is_unknown(x: f32) -> bool {
    return bitcast<u32>(x) == UNKNOWN_BITS;
}

// The workgroup's place among all of a dispatch.
fn group_index(group: vec3<u32>, groups_across: u32) -> u32 {
    return group.x + group.y * groups_across;
}

// The cell of an invocation, one cell an invocation.
fn cell_index(group: vec3<u32>, local: u32, groups_across: u32) -> u32 {
    return group_index(group, groups_across) * GROUP_CELLS + local;
}

// A block of 16 x 16 cells as `proximity`, `count` and `hazard` see it (src/score/blocks.rs): the position of a cell from
// the block's centre, m, by its column's (c, s) and its row's (d rho, rho, dz).
const BLOCK_SIDE: u32 = 16u;
const NO_MASK: u32 = 0xFFFFFFFFu;

fn block_position(column: vec4<f32>, row: vec4<f32>) -> vec3<f32> {
    return vec3<f32>(row.x + row.y * column.x, row.y * column.y, row.z);
}

// Squared distance (m2) from a position to a piece: its end a, and what leads along to its other end with
// 1 / length^2, 0 for a point.
fn piece_distance2(at: vec3<f32>, a: vec4<f32>, along: vec4<f32>) -> f32 {
    let x = at.x - a.x;
    let y = at.y - a.y;
    let z = at.z - a.z;
    let t = clamp((x * along.x + y * along.y + z * along.z) * along.w, 0.0, 1.0);
    let dx = x - t * along.x;
    let dy = y - t * along.y;
    let dz = z - t * along.z;
    return dx * dx + dy * dy + dz * dz;
}
