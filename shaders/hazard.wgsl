// `hazard` built: the prior of hazardous areas, raised by accident points within 4 sigma on both axes.
//
// One workgroup a block of 16 x 16 cells, whose points are listed on the CPU in the order of the file: q = q + (1 - q) *
// strength * k, then h = prior + (1 - prior) * q. k = exp(-u / 2), u = d^2 / sigma^2, from a table of 4096
// straight lines over 0 to 32. Unknown where the prior is. Twin: src/score/hazard.rs.

struct Params {
    n_cols: u32,
    n_rows: u32,
    skip_cols: u32,
    skip_rows: u32,
    blocks_across: u32,
    strength: f32,
    inverse_sigma2: f32,
    reach2: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> blocks: array<vec4<u32>>; // first group, groups, -, rows in axes
@group(0) @binding(2) var<storage, read> groups: array<vec4<u32>>; // first piece, pieces
@group(0) @binding(3) var<storage, read> pieces: array<vec4<f32>>; // a, nothing
@group(0) @binding(4) var<storage, read> axes: array<vec4<f32>>; // 16 columns, then rows
@group(0) @binding(5) var<storage, read> knots: array<f32>;
@group(0) @binding(6) var<storage, read> prior: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

const N_SPANS: u32 = 4096u;
const LAST: f32 = 32.0;

fn kernel_of(u: f32) -> f32 {
    let place = min(u, LAST) * (4096.0 / LAST);
    let span = min(u32(place), N_SPANS - 1u);
    let start = knots[span];
    return start + (place - f32(span)) * (knots[span + 1u] - start);
}

@compute @workgroup_size(16, 16)
fn hazard(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let col = group.x * BLOCK_SIDE + local.x;
    let row = group.y * BLOCK_SIDE + local.y;
    if col < params.skip_cols || row < params.skip_rows {
        return;
    }
    if col - params.skip_cols >= params.n_cols || row - params.skip_rows >= params.n_rows {
        return;
    }
    let here = (row - params.skip_rows) * params.n_cols + col - params.skip_cols;
    let h = prior[here];
    if is_unknown(h) {
        out[here] = UNKNOWN;
        return;
    }
    let block = blocks[group.y * params.blocks_across + group.x];
    let at = block_position(axes[local.x], axes[block.w + local.y]);
    var raised = 0.0;
    for (var g = 0u; g < block.y; g += 1u) {
        let listed = groups[block.x + g];
        for (var p = listed.x; p < listed.x + listed.y; p += 1u) {
            let point = pieces[2u * p];
            let x = at.x - point.x;
            let y = at.y - point.y;
            let z = at.z - point.z;
            let east2 = y * y;
            let north2 = x * x + z * z;
            if east2 <= params.reach2 && north2 <= params.reach2 {
                let k = kernel_of((east2 + north2) * params.inverse_sigma2);
                raised += (1.0 - raised) * (params.strength * k);
            }
        }
    }
    out[here] = h + (1.0 - h) * raised;
}
