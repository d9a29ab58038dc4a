// Adds the products of one query's four numbers with those of four documents: one sum each.
fn add_products(
    sums: vec4<f32>,
    q: vec4<f32>,
    d0: vec4<f32>,
    d1: vec4<f32>,
    d2: vec4<f32>,
    d3: vec4<f32>,
) -> vec4<f32> {
    let x = fma(vec4<f32>(q.x), vec4<f32>(d0.x, d1.x, d2.x, d3.x), sums);
    let y = fma(vec4<f32>(q.y), vec4<f32>(d0.y, d1.y, d2.y, d3.y), x);
    let z = fma(vec4<f32>(q.z), vec4<f32>(d0.z, d1.z, d2.z, d3.z), y);
    return fma(vec4<f32>(q.w), vec4<f32>(d0.w, d1.w, d2.w, d3.w), z);
}
