// Measures what //reports:scaling asks of the network between ranks: between
// rank 0 and the last one, the latency of a short message and the bandwidth of
// a long one.
//
//   mpirun -n 2 --host node1,node2 bazel-bin/training/mpi/measure_network
#include <algorithm>
#include <cstdio>
#include <vector>

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

namespace tritlab {
namespace {

// The least time that `bytes` take from one rank to the other: half of there
// and back. The least, for whatever else a machine does only adds to it.
double OneWaySeconds(int rank, int last, int bytes, int repetitions) {
  std::vector<char> message(bytes);
  const int other = rank == 0 ? last : 0;
  double least = 1e9;
  for (int i = 0; i < repetitions; ++i) {
    const double start = MPI_Wtime();
    if (rank == 0)
      MPI_Send(message.data(), bytes, MPI_CHAR, other, 0, MPI_COMM_WORLD);
    MPI_Recv(message.data(), bytes, MPI_CHAR, other, 0, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
    if (rank == last)
      MPI_Send(message.data(), bytes, MPI_CHAR, other, 0, MPI_COMM_WORLD);
    least = std::min(least, (MPI_Wtime() - start) / 2);
  }
  return least;
}

int Main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (size < 2) {
    std::fprintf(stderr,
                 "error: there is one rank; start two or more with mpirun\n");
    MPI_Finalize();
    return 2;
  }
  if (rank == 0 || rank == size - 1) {
    constexpr int kLong = 4 << 20;
    const double latency = OneWaySeconds(rank, size - 1, 4, 1000);
    const double longest = OneWaySeconds(rank, size - 1, kLong, 20);
    if (rank == 0) {
      std::printf("--latency_us=%.3g --bandwidth_gbit=%.3g\n", 1e6 * latency,
                  8e-9 * kLong / (longest - latency));
    }
  }
  MPI_Finalize();
  return 0;
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) { return tritlab::Main(argc, argv); }
