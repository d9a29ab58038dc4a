// Turns a score into an unsigned number that orders the same way; -0 counts as +0.
// The smallest key of a finite score is 0x00800000, so 0 lies below every score.
// Reference: `score_key` in engine/kernel/top_k.rs.
fn score_key(score: f32) -> u32 {
    let bits = bitcast<u32>(score);
    if (bits == 0x80000000u) {
        return 0x80000000u;
    }
    return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}
