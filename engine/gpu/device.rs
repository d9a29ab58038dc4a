//! A device: adapters, opening, buffers, submissions, and what can fail about them.

use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::shaders::{Access, Kernel};
use crate::kernel::{BackendError, BackendInfo, BackendKind, TOP_K_WORKGROUP_BYTES};

/// Dispatches are planned to last 200 ms; a device that says nothing for this long is given up.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes handed to the driver at a time: its copy is freed before the next one is made.
const UPLOAD_BYTES: usize = 32 << 20;

/// Invocations per workgroup of the largest kernel.
const INVOCATIONS: u32 = 256;
/// Storage buffers of the kernel that binds most.
const STORAGE_BUFFERS: u32 = 6;

/// The first thing that went wrong, as told by callbacks on any thread.
type Failure = Arc<Mutex<Option<String>>>;

/// An adapter that could be opened.
pub(super) struct Adapter {
    inner: wgpu::Adapter,
    /// Name, driver and whether it is software.
    pub(super) info: BackendInfo,
    rank: u32,
}

/// All adapters, hardware first; discrete before integrated.
pub(super) fn adapters() -> Vec<Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        // Validation layers, where installed, would slow every debug build down.
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let found = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let mut adapters: Vec<Adapter> = found.into_iter().map(Adapter::new).collect();
    // Stable: among equals the order of the driver's list decides.
    adapters.sort_by_key(|adapter| adapter.rank);
    adapters
}

impl Adapter {
    fn new(inner: wgpu::Adapter) -> Self {
        let told = inner.get_info();
        let rank = match told.device_type {
            wgpu::DeviceType::DiscreteGpu => 0,
            wgpu::DeviceType::VirtualGpu => 1,
            wgpu::DeviceType::IntegratedGpu => 2,
            wgpu::DeviceType::Other => 3,
            wgpu::DeviceType::Cpu => 4,
        };
        let driver: Vec<&str> = [told.driver.as_str(), told.driver_info.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let info = BackendInfo {
            kind: BackendKind::Gpu,
            adapter: told.name.clone(),
            driver: format!("{}, {:?}", driver.join(" "), told.backend),
            software: told.device_type == wgpu::DeviceType::Cpu,
        };
        Self { inner, info, rank }
    }
}

/// An open device.
pub(super) struct Device {
    device: wgpu::Device,
    queue: wgpu::Queue,
    failure: Failure,
    pub(super) info: BackendInfo,
    pub(super) limits: wgpu::Limits,
}

impl Device {
    /// Opens the device with the limits that it has, and no optional features.
    pub(super) fn open(adapter: &Adapter) -> Result<Self, BackendError> {
        let limits = adapter.inner.limits();
        for (what, needed, allowed) in [
            (
                "invocations per workgroup",
                INVOCATIONS,
                limits
                    .max_compute_invocations_per_workgroup
                    .min(limits.max_compute_workgroup_size_x),
            ),
            (
                "workgroup memory in bytes",
                TOP_K_WORKGROUP_BYTES,
                limits.max_compute_workgroup_storage_size,
            ),
            (
                "storage buffers per kernel",
                STORAGE_BUFFERS,
                limits.max_storage_buffers_per_shader_stage,
            ),
        ] {
            if needed > allowed {
                let (needed, allowed) = (u64::from(needed), u64::from(allowed));
                return Err(BackendError::Limit { what, needed, allowed });
            }
        }
        let request = adapter.inner.request_device(&wgpu::DeviceDescriptor {
            label: Some("duijie"),
            required_limits: limits.clone(),
            ..wgpu::DeviceDescriptor::default()
        });
        let (device, queue) =
            pollster::block_on(request).map_err(|error| BackendError::Device {
                adapter: adapter.info.adapter.clone(),
                reason: error.to_string(),
            })?;
        let failure = Failure::default();
        let on_error = Arc::clone(&failure);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            note(&on_error, &error.to_string());
        }));
        let on_loss = Arc::clone(&failure);
        device.set_device_lost_callback(move |_, message| {
            note(&on_loss, &format!("the device was lost: {message}"));
        });
        Ok(Self { device, queue, failure, info: adapter.info.clone(), limits })
    }

    /// Compiles a kernel.
    pub(super) fn pipeline(&self, kernel: &Kernel) -> Result<Pipeline, BackendError> {
        let label = Some(kernel.file);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label,
            source: wgpu::ShaderSource::Wgsl(kernel.wgsl().into()),
        });
        let entries: Vec<_> = (0..).zip(kernel.bindings).map(layout_entry).collect();
        let layout = self.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label,
            entries: &entries,
        });
        let pipeline_layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label,
            bind_group_layouts: &[Some(&layout)],
            ..wgpu::PipelineLayoutDescriptor::default()
        });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label,
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                // The kernels write workgroup memory before they read it.
                zero_initialize_workgroup_memory: false,
                ..wgpu::PipelineCompilationOptions::default()
            },
            cache: None,
        });
        let internal = pollster::block_on(internal.pop());
        let validation = pollster::block_on(validation.pop());
        match validation.or(internal) {
            Some(error) => Err(self.error(format!("{}: {error}", kernel.file))),
            None => Ok(Pipeline { pipeline, layout }),
        }
    }

    /// Makes a buffer for parameters (`UNIFORM`) or data (`STORAGE`) of at least `bytes`.
    pub(super) fn buffer(
        &self,
        label: &'static str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, BackendError> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        // Bindings may not be empty, and sizes of copies are multiples of four.
        let size = bytes.max(16).next_multiple_of(4);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: false,
        });
        let validation = pollster::block_on(validation.pop());
        let memory = pollster::block_on(memory.pop());
        match memory.or(validation) {
            Some(error) => Err(self.error(format!("no {size} bytes for the {label}: {error}"))),
            None => Ok(buffer),
        }
    }

    /// Makes a buffer that kernels read and write, and that is copied from and to.
    pub(super) fn storage(
        &self,
        label: &'static str,
        bytes: u64,
    ) -> Result<wgpu::Buffer, BackendError> {
        let copies = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        self.buffer(label, bytes, wgpu::BufferUsages::STORAGE | copies)
    }

    /// Makes a buffer for the parameters of type `T`.
    pub(super) fn uniform<T>(&self) -> Result<wgpu::Buffer, BackendError> {
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        self.buffer("parameters", size_of::<T>() as u64, usage)
    }

    /// Writes plain data to the start of a buffer, before whatever is submitted next.
    pub(super) fn write<T: bytemuck::NoUninit>(
        &self,
        buffer: &wgpu::Buffer,
        data: &[T],
    ) -> Result<(), BackendError> {
        self.write_at(buffer, 0, data)
    }

    /// Writes plain data from byte `at` on, a multiple of four, before whatever is submitted next.
    pub(super) fn write_at<T: bytemuck::NoUninit>(
        &self,
        buffer: &wgpu::Buffer,
        mut at: u64,
        data: &[T],
    ) -> Result<(), BackendError> {
        for piece in bytemuck::cast_slice::<T, u8>(data).chunks(UPLOAD_BYTES) {
            self.queue.write_buffer(buffer, at, piece);
            at += piece.len() as u64;
            if piece.len() == UPLOAD_BYTES {
                // An empty submission starts the copy and frees the driver's.
                self.wait(self.queue.submit([]))?;
            }
        }
        self.check()
    }

    /// Writes rows of `dim` numbers, each padded with zeros to a multiple of four.
    pub(super) fn write_rows(
        &self,
        buffer: &wgpu::Buffer,
        rows: &[f32],
        dim: usize,
    ) -> Result<(), BackendError> {
        let padded = dim.next_multiple_of(4);
        if padded == dim {
            return self.write(buffer, rows);
        }
        let rows_per_piece = (UPLOAD_BYTES / (size_of::<f32>() * padded)).max(1);
        let mut at = 0;
        let mut piece = Vec::new();
        for rows in rows.chunks(rows_per_piece * dim) {
            piece.clear();
            for row in rows.chunks_exact(dim) {
                piece.extend_from_slice(row);
                piece.resize(piece.len() + padded - dim, 0.0);
            }
            let bytes = bytemuck::cast_slice(&piece);
            self.queue.write_buffer(buffer, at, bytes);
            at += bytes.len() as u64;
            self.wait(self.queue.submit([]))?;
        }
        self.check()
    }

    /// Binds whole buffers in the order of the kernel's bindings.
    pub(super) fn bind(&self, pipeline: &Pipeline, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.layout,
            entries: &entries,
        })
    }

    /// Submits what `record` records and waits until it is done.
    pub(super) fn run(
        &self,
        record: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<(), BackendError> {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        record(&mut encoder);
        self.wait(self.queue.submit([encoder.finish()]))
    }

    /// Copies pieces `(offset, bytes)` of a buffer back, one after the other.
    pub(super) fn read<T: bytemuck::Pod>(
        &self,
        buffer: &wgpu::Buffer,
        pieces: impl Iterator<Item = (u64, u64)> + Clone,
    ) -> Result<Vec<T>, BackendError> {
        let bytes: u64 = pieces.clone().map(|(_, bytes)| bytes).sum();
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = self.buffer("staging buffer", bytes, usage)?;
        self.run(|encoder| {
            let mut to = 0;
            for (from, bytes) in pieces {
                encoder.copy_buffer_to_buffer(buffer, from, &staging, to, bytes);
                to += bytes;
            }
        })?;
        let (tell, told) = mpsc::channel();
        staging.map_async(wgpu::MapMode::Read, 0..bytes, move |result| {
            // The receiver waits below; if it is gone nobody needs to know.
            let _ = tell.send(result);
        });
        self.poll(None)?;
        match told.try_recv() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(self.error(error.to_string())),
            Err(_) => return Err(self.error("a buffer was not mapped in time".to_owned())),
        }
        let mapped =
            staging.get_mapped_range(0..bytes).map_err(|error| self.error(error.to_string()))?;
        Ok(bytemuck::pod_collect_to_vec(&mapped))
    }

    /// An error of this device.
    pub(super) fn error(&self, reason: String) -> BackendError {
        BackendError::Device { adapter: self.info.adapter.clone(), reason }
    }

    /// Breaks the device, as a driver update or an overheated card would.
    #[cfg(test)]
    pub(super) fn destroy(&self) {
        self.device.destroy();
    }

    fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), BackendError> {
        self.poll(Some(submission))
    }

    fn poll(&self, submission_index: Option<wgpu::SubmissionIndex>) -> Result<(), BackendError> {
        let wait = wgpu::PollType::Wait { submission_index, timeout: Some(TIMEOUT) };
        if let Err(error) = self.device.poll(wait) {
            // A device that did not answer once is not asked again.
            note(&self.failure, &error.to_string());
        }
        self.check()
    }

    fn check(&self) -> Result<(), BackendError> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.as_ref().map_or(Ok(()), |reason| Err(self.error(reason.clone())))
    }
}

/// A compiled kernel.
pub(super) struct Pipeline {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

impl Pipeline {
    /// Records one dispatch of `x × y` workgroups.
    pub(super) fn dispatch(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        bindings: &wgpu::BindGroup,
        (x, y): (u32, u32),
    ) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, bindings, &[]);
        pass.dispatch_workgroups(x, y, 1);
    }
}

fn layout_entry((binding, (_, access)): (u32, &(&str, Access))) -> wgpu::BindGroupLayoutEntry {
    let ty = match access {
        Access::Uniform => wgpu::BufferBindingType::Uniform,
        Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
        Access::ReadWrite => wgpu::BufferBindingType::Storage { read_only: false },
    };
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    }
}

fn note(failure: &Failure, reason: &str) {
    let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
    // The first failure is the cause; what follows are its consequences.
    failure.get_or_insert_with(|| reason.to_owned());
}
