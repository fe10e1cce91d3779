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
