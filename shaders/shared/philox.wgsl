// Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011): four words of `counter` under `key`.
// Reference: engine/kernel/firm_step/philox.rs.
fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var round = 0u; round < 10u; round++) {
        let high0 = mulhi(0xd2511f53u, c.x);
        let high1 = mulhi(0xcd9e8d57u, c.z);
        c = vec4<u32>(
            high1 ^ c.y ^ k.x,
            0xcd9e8d57u * c.z,
            high0 ^ c.w ^ k.y,
            0xd2511f53u * c.x,
        );
        k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
    }
    return c;
}
