// Shared by the stages that count or look up by key, after grid.wgsl.
//
// Levels of counted keys (src/score/levels.rs): a bin, its 32 parts, their 64 keys.
const LOW_BITS: u32 = 11u;
const LAST_BITS: u32 = 6u;
const N_PARTS: u32 = 32u;
const N_LAST: u32 = 64u;
// Marks an entry of a table that points on.
const POINTS_ON: u32 = 0x80000000u;
const NOWHERE: u32 = 0xFFFFFFFFu;

// Where a key is counted by part, by 1 + the place of its bin among the refined.
fn finer_place(key: u32, index: u32) -> u32 {
    return select((index - 1u) * N_PARTS + ((key >> LAST_BITS) & (N_PARTS - 1u)), NOWHERE, index == 0u);
}

// The same by key, by 1 + the place of its part.
fn last_place(key: u32, index: u32) -> u32 {
    return select((index - 1u) * N_LAST + (key & (N_LAST - 1u)), NOWHERE, index == 0u);
}
