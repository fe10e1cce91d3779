// Shared by the stages that count or look up by key, after grid.wgsl.
//
// Places of bins and their parts (src/score/levels.rs): a bin is key >> 15; an entry says where the parts are that a bin
// or part was cut into, and how many low bits of a key they leave out.
const LOW_BITS: u32 = 15u;
// Marks an entry that points on.
const POINTS_ON: u32 = 0x80000000u;
const SHIFT_AT: u32 = 27u;
const PLACES: u32 = 0x07FFFFFFu;
// Levels of parts there can be.
const MOST_STEPS: u32 = 4u;
const NOWHERE: u32 = 0xFFFFFFFFu;

fn shift_of(entry: u32) -> u32 {
    return (entry >> SHIFT_AT) & 15u;
}

// The place of a key among the parts that an entry points to.
fn next_place(entry: u32, key: u32) -> u32 {
    return (entry + (key >> shift_of(entry))) & PLACES;
}
