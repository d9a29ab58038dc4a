//! The kernels as WGSL: they parse, validate, and agree with the Rust side. Needs no device.

use std::mem::offset_of;

use duijie::gpu::{Access, Kernel, kernels};
use duijie::kernel::firm_step::{
    BY_FREE, FIRM_BLOCK, FIRM_STEP_WORKGROUP_BYTES, FirmArrival, FirmArrivalsParams,
    FirmStepParams, INPUT_WORDS, MAX_CLUSTERS, RUN_HEADER, SUM_WORDS, TABLE_WORDS,
};
use duijie::kernel::{
    BestRow, JOBS_PER_WORKGROUP, MaxSimJob, MaxSimParams, NO_ROW, PAIRS_PER_WORKGROUP, PairParams,
    QueryState, TOP_K_TILE, TOP_K_WORKGROUP_BYTES, TopKParams,
};
use naga::valid::{Capabilities, ValidationFlags, Validator};

fn parse(kernel: &Kernel) -> naga::Module {
    let source = kernel.wgsl();
    naga::front::wgsl::parse_str(&source)
        .unwrap_or_else(|error| panic!("{}", error.emit_to_string_with_path(&source, kernel.file)))
}

fn kernel(file: &str) -> naga::Module {
    let found = kernels().into_iter().find(|kernel| kernel.file == file);
    parse(found.unwrap_or_else(|| panic!("{file} is not a kernel of this build")))
}

/// Names and offsets of the members of a struct, and its size.
fn layout(module: &naga::Module, name: &str) -> (Vec<(String, u32)>, u32) {
    let found = module.types.iter().find(|(_, it)| it.name.as_deref() == Some(name));
    let Some((_, naga::Type { inner: naga::TypeInner::Struct { members, span }, .. })) = found
    else {
        panic!("no struct {name}");
    };
    let member = |it: &naga::StructMember| (it.name.clone().unwrap_or_default(), it.offset);
    (members.iter().map(member).collect(), *span)
}

fn constant(module: &naga::Module, name: &str) -> u32 {
    let found = module.constants.iter().find(|(_, it)| it.name.as_deref() == Some(name));
    let (_, constant) = found.unwrap_or_else(|| panic!("no constant {name}"));
    match module.global_expressions[constant.init] {
        naga::Expression::Literal(naga::Literal::U32(value)) => value,
        ref other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn every_kernel_validates_without_optional_features() {
    for kernel in kernels() {
        let module = parse(kernel);
        // Halves unpacked to 32 bits are part of WGSL; only devices of OpenGL lack them.
        let core = Capabilities::SHADER_FLOAT16_IN_FLOAT32;
        let mut validator = Validator::new(ValidationFlags::all(), core);
        if let Err(error) = validator.validate(&module) {
            panic!("{}", error.emit_to_string_with_path(&kernel.wgsl(), kernel.file));
        }
    }
}

#[test]
fn every_file_of_the_folder_is_a_kernel_or_an_include_of_one() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/shaders");
    let composed: Vec<String> = kernels().iter().map(|kernel| kernel.wgsl()).collect();
    let mut n_files = 0;
    for folder in [root.to_owned(), format!("{root}/shared")] {
        for entry in std::fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("the folder can be read").path();
            if path.extension().is_some_and(|it| it == "wgsl") {
                n_files += 1;
                let text = std::fs::read_to_string(&path).expect("a text file");
                // What is left of a file without its imports must be found in some kernel.
                let body = text.rsplit("#import").next().unwrap_or(&text);
                let body = body.split_once('\n').map_or(body, |(_, rest)| rest);
                assert!(
                    composed.iter().any(|kernel| kernel.contains(body.trim_end())),
                    "{} is used by no kernel",
                    path.display()
                );
            }
        }
    }
    assert!(n_files >= kernels().len());
}

#[test]
fn bindings_are_those_the_host_binds_in_that_order() {
    for kernel in kernels() {
        let module = parse(kernel);
        let mut bindings: Vec<(u32, u32, String, Access)> = module
            .global_variables
            .iter()
            .filter_map(|(_, variable)| {
                let place = variable.binding?;
                let access = match variable.space {
                    naga::AddressSpace::Uniform => Access::Uniform,
                    naga::AddressSpace::Storage { access }
                        if access.contains(naga::StorageAccess::STORE) =>
                    {
                        Access::ReadWrite
                    }
                    _ => Access::Read,
                };
                let name = variable.name.clone().unwrap_or_default();
                Some((place.group, place.binding, name, access))
            })
            .collect();
        bindings.sort_by_key(|binding| binding.1);
        let expected: Vec<(u32, u32, String, Access)> = (0..)
            .zip(kernel.bindings)
            .map(|(binding, &(name, access))| (0, binding, name.to_owned(), access))
            .collect();
        assert_eq!(bindings, expected, "{}", kernel.file);
        assert_eq!(module.entry_points.len(), 1, "{}", kernel.file);
        assert_eq!(module.entry_points[0].name, "main", "{}", kernel.file);
    }
}

/// Compares a struct of the shader with the Rust one, member by member.
macro_rules! same_layout {
    ($module:expr, $ty:ident { $($field:ident),* $(,)? }) => {
        let offset = |bytes: usize| u32::try_from(bytes).expect("a small struct");
        let members = vec![$((stringify!($field).to_owned(), offset(offset_of!($ty, $field)))),*];
        let (found, size) = layout($module, stringify!($ty));
        assert_eq!(found, members);
        assert_eq!(size, offset(size_of::<$ty>()));
    };
}

#[test]
fn structs_lie_in_memory_as_the_host_writes_them() {
    for file in [
        "shaders/top_k_scores.wgsl",
        "shaders/top_k_scores_f16.wgsl",
        "shaders/top_k_scores_i8.wgsl",
        "shaders/top_k_refine.wgsl",
    ] {
        let module = kernel(file);
        same_layout!(
            &module,
            TopKParams {
                n_queries,
                dim_vec4,
                chunk_start,
                chunk_end,
                first_document,
                k,
                capacity,
                first_chunk,
                filtered,
                padding0,
                padding1,
                padding2,
            }
        );
        same_layout!(&module, QueryState { threshold, count, kept, done });
    }
    let module = kernel("shaders/pair_scores.wgsl");
    same_layout!(&module, PairParams { n_pairs, dim_vec4, padding0, padding1 });
    let module = kernel("shaders/firm_step.wgsl");
    same_layout!(&module, FirmStepParams { first_run, first_block, stride, n_clusters });
    let module = kernel("shaders/firm_arrivals.wgsl");
    same_layout!(&module, FirmArrivalsParams { n_arrivals, stride, padding0, padding1 });
    same_layout!(&module, FirmArrival { place, x, a, uid, w0, w1 });
    let module = kernel("shaders/max_sim.wgsl");
    same_layout!(&module, MaxSimParams { n_jobs, dim_vec4, padding0, padding1 });
    same_layout!(&module, MaxSimJob { query, first, n_rows });
    same_layout!(&module, BestRow { score, position });
}

#[test]
fn constants_have_the_values_the_host_plans_with() {
    for rung in ["", "_f16", "_i8"] {
        let scores = kernel(&format!("shaders/top_k_scores{rung}.wgsl"));
        assert_eq!(constant(&scores, "TILE"), TOP_K_TILE);
        let spread = constant(&scores, "SPREAD");
        // Each invocation scores 4 × 4 pairs, and as a loader brings one vec4 of either side.
        assert_eq!(spread * 4, TOP_K_TILE);
        let workgroup = scores.entry_points[0].workgroup_size;
        assert_eq!(workgroup, [spread * spread, 1, 1]);
        assert_eq!(workgroup[0], TOP_K_TILE * constant(&scores, "DEPTH"));
    }

    let refine = kernel("shaders/top_k_refine.wgsl");
    let workgroup = refine.entry_points[0].workgroup_size;
    assert_eq!(workgroup, [constant(&refine, "WORKGROUP"), 1, 1]);
    // One invocation clears each bin: sixteen digits of four bits.
    let n_bins = constant(&refine, "BINS") * constant(&refine, "DIGITS_PER_WORD") * 2;
    assert_eq!(workgroup[0], n_bins);

    let pairs = kernel("shaders/pair_scores.wgsl");
    assert_eq!(pairs.entry_points[0].workgroup_size, [constant(&pairs, "WORKGROUP"), 1, 1]);
    assert_eq!(constant(&pairs, "WORKGROUP"), PAIRS_PER_WORKGROUP * constant(&pairs, "LANES"));

    let max_sim = kernel("shaders/max_sim.wgsl");
    assert_eq!(max_sim.entry_points[0].workgroup_size, [constant(&max_sim, "WORKGROUP"), 1, 1]);
    assert_eq!(constant(&max_sim, "WORKGROUP"), JOBS_PER_WORKGROUP * constant(&max_sim, "LANES"));
    assert_eq!(constant(&max_sim, "NO_ROW"), NO_ROW);

    let firms = kernel("shaders/firm_step.wgsl");
    assert_eq!(firms.entry_points[0].workgroup_size, [constant(&firms, "WORKGROUP"), 1, 1]);
    assert_eq!(constant(&firms, "BLOCK"), FIRM_BLOCK);
    for (name, value) in [
        ("MAX_CLUSTERS", MAX_CLUSTERS),
        ("RUN_HEADER", RUN_HEADER),
        ("INPUT_WORDS", INPUT_WORDS),
        ("SUM_WORDS", SUM_WORDS),
        // The last table starts 256 words before the end of all.
        ("LOGIT_BY_SCORE", TABLE_WORDS - 256),
    ] {
        assert_eq!(constant(&firms, name) as usize, value, "{name}");
    }
    assert_eq!(workgroup_bytes(&firms), FIRM_STEP_WORKGROUP_BYTES);
    assert_eq!(constant(&kernel("shaders/firm_arrivals.wgsl"), "BY_FREE"), BY_FREE);
}

fn workgroup_bytes(module: &naga::Module) -> u32 {
    module
        .global_variables
        .iter()
        .filter(|(_, variable)| variable.space == naga::AddressSpace::WorkGroup)
        .map(|(_, variable)| module.types[variable.ty].inner.size(module.to_ctx()))
        .sum()
}

#[test]
fn workgroup_memory_is_within_what_webgpu_promises() {
    let scores = workgroup_bytes(&kernel("shaders/top_k_scores.wgsl"));
    assert_eq!(scores, TOP_K_WORKGROUP_BYTES);
    for kernel in kernels() {
        let module = parse(kernel);
        let bytes = workgroup_bytes(&module);
        assert!(bytes <= 16 * 1024, "{} needs {bytes} bytes", kernel.file);
        let invocations: u32 = module.entry_points[0].workgroup_size.iter().product();
        assert!(invocations <= 256, "{} has {invocations} invocations", kernel.file);
    }
}
