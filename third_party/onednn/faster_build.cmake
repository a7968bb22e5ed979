# Makes oneDNN's build three times as fast without changing what it computes; given
# to its cmake as CMAKE_PROJECT_INCLUDE. Written for 3.7; a file that another version
# does not have is passed over.

# Some files of src/cpu/x64 define the same names (or pull Xbyak's into scope), so
# only these are compiled together, a line at a time.
set(tritlab_compiled_together
    "brgemm/brgemm brgemm/brgemm_containers brgemm/brgemm_utils brgemm/capi/brgemm_api brgemm/jit_brdgmm_kernel amx_tile_configure"
    "brgemm/jit_brgemm_amx_uker brgemm/jit_brgemm_kernel cpu_barrier cpu_isa_traits cpu_reducer gemm/amx/jit_avx512_core_amx_copy_kern"
    "gemm_bf16_convolution gemm_bf16_inner_product injectors/injector_utils injectors/jit_uni_binary_injector injectors/jit_uni_eltwise_injector injectors/jit_uni_postops_injector"
    "jit_avx512_common_1x1_convolution jit_avx512_common_conv_kernel jit_avx512_common_convolution jit_avx512_core_amx_1x1_conv_kernel jit_avx512_core_amx_1x1_convolution jit_avx512_core_amx_conv_kernel"
    "jit_avx512_core_bf16_1x1_convolution jit_avx512_core_bf16_conv_kernel jit_avx512_core_bf16_convolution"
    "jit_avx512_core_bf16_dw_conv_kernel jit_avx512_core_fp16cvt jit_avx512_core_fp8cvt jit_avx512_core_scale_precompute"
    "jit_avx512_core_x8s8s32x_1x1_convolution jit_avx512_core_x8s8s32x_conv_kernel jit_avx512_core_x8s8s32x_convolution jit_avx512_sparse_decompress_kernel jit_brdgmm_dw_conv"
    "jit_brgemm_1x1_conv jit_brgemm_conv jit_brgemm_conv_bwd jit_brgemm_conv_bwd_copy_kernel jit_brgemm_conv_bwd_strided jit_brgemm_conv_bwd_trans_kernel"
    "jit_brgemm_conv_bwd_utils jit_brgemm_conv_bwd_w jit_brgemm_conv_comp_pad_kernel jit_brgemm_conv_trans_kernel jit_brgemm_conv_utils"
    "jit_brgemm_inner_product jit_brgemm_post_ops jit_brgemm_primitive_conf jit_brgemm_transpose_utils jit_gemm_inner_product_utils"
    "jit_gemm_x8s8s32x_conv_zp_src_pad_comp jit_gemm_x8s8s32x_convolution_utils jit_generator jit_sse41_1x1_conv_kernel_f32 jit_sse41_1x1_convolution"
    "jit_sse41_convolution jit_transpose_utils jit_uni_batch_normalization jit_uni_batch_normalization_s8 jit_uni_binary"
    "jit_uni_convert_xf16 jit_uni_dw_conv_kernel_f32 jit_uni_dw_conv_kernel_utils jit_uni_dw_convolution jit_uni_eltwise"
    "jit_uni_pool_kernel jit_uni_pooling jit_uni_reduction jit_uni_reduction_kernel jit_uni_reorder jit_uni_reorder_direct_copy"
    "jit_uni_reorder_utils jit_uni_softmax jit_uni_tbb_batch_normalization jit_uni_x8s8s32x_1x1_conv_kernel"
    "jit_uni_x8s8s32x_1x1_convolution jit_uni_x8s8s32x_conv_kernel jit_uni_x8s8s32x_convolution"
    "jit_uni_eltwise_int jit_uni_ncsp_convolution"
    "ip_convolution jit_avx2_1x1_conv_kernel_f32 jit_avx2_1x1_convolution jit_avx2_convolution"
    "gemm/gemm_pack gemm/gemv_driver gemm/s8x8s32/jit_avx2_gemm_s8u8s32_kern gemm/s8x8s32/jit_avx512_core_gemv_s8x8s32 gemm/s8x8s32/jit_avx512_core_kernel_gemv_s8x8s32_kern"
    "gemm/f32/jit_avx512_core_gemm_smalln_tn_f32_kern gemm/f32/jit_avx_gemv_t_f32_kern"
    "gemm/f32/jit_sse41_gemv_n_f32_kern gemm/gemm_driver gemm/gemm_info"
    "gemm/bf16/jit_avx512_core_gemm_bf16bf16f32_kern gemm/f32/jit_avx512_common_gemm_f32")

function(tritlab_faster_build)
    # Primitives that are not enabled: nothing refers to their code.
    string(CONCAT disabled
        "/(rnn|prelu|shuffle)/|/(ref|simple|jit_avx512_core|jit_uni)_(deconvolution"
        "|resampling|prelu|shuffle|layer_normalization)|_(group|instance)_normalization\\.cpp"
        "|_deconvolution\\.cpp|_deconv\\.cpp|jit_uni_deconv_|jit_uni_sparse_matmul|ref_sparse_matmul")
    foreach(target dnnl_cpu dnnl_cpu_x64)
        get_target_property(sources ${target} SOURCES)
        list(FILTER sources EXCLUDE REGEX "${disabled}")
        set_property(TARGET ${target} PROPERTY SOURCES ${sources})
    endforeach()

    # These only emit instructions once; the emitted ones are what is fast.
    list(FILTER sources INCLUDE REGEX "_autogen\\.cpp$")
    set_source_files_properties(${sources} TARGET_DIRECTORY dnnl_cpu_x64
        PROPERTIES COMPILE_FLAGS -O0)

    get_target_property(folder dnnl_cpu_x64 SOURCE_DIR)
    set(number 0)
    foreach(line IN LISTS tritlab_compiled_together)
        math(EXPR number "${number} + 1")
        separate_arguments(files UNIX_COMMAND "${line}")
        foreach(file IN LISTS files)
            if(EXISTS "${folder}/${file}.cpp")
                set_source_files_properties("${folder}/${file}.cpp"
                    TARGET_DIRECTORY dnnl_cpu_x64 PROPERTIES UNITY_GROUP ${number})
            endif()
        endforeach()
    endforeach()
    set_target_properties(dnnl_cpu_x64 PROPERTIES
        UNITY_BUILD ON UNITY_BUILD_MODE GROUP)

    set_target_properties(dnnl_common PROPERTIES
        UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)

    # Should something refer to what was left out, say so now.
    target_link_options(dnnl PRIVATE -Wl,--no-undefined)
endfunction()

cmake_language(DEFER CALL tritlab_faster_build)
