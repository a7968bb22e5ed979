// What ThreadSanitizer is not to report: libraries of the system that were not
// compiled for it, whose own synchronization it does not see.
#ifdef TRITLAB_SANITIZER

extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  return
      // oneDNN: the cache of primitives, which its threads hand each other
      // behind a lock and a future.
      "race:libdnnl.so\n"
      // Open MPI: two locks in either order, both taken by the main thread
      // alone while ranks are added and removed.
      "deadlock:mca_btl_tcp.so\n";
}

#endif
