#include "reports/run/report_tables.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

// The cell of a row below a title; "no such column" if there is none.
std::string Cell(const Table& table, int row, const std::string& title) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].title == title) return table.rows[row][i];
  }
  return "no such column";
}

void ExpectRectangular(const Table& table) {
  for (const std::vector<std::string>& row : table.rows) {
    EXPECT_EQ(row.size(), table.columns.size()) << table.caption;
  }
}

// Protects: the difference is this run minus the paper, with its sign.
TEST(SummaryTableOf, ShowsThePaperAndTheDifference) {
  Report report = MadeUpReport();
  report.mutable_results(1)->set_top1(91.43);
  for (const SummaryDetail detail :
       {SummaryDetail::kTerminal, SummaryDetail::kPage}) {
    const Table table = SummaryTableOf(report, detail);
    ExpectRectangular(table);
    EXPECT_EQ(Cell(table, 0, "paper %"), "-");
    EXPECT_EQ(Cell(table, 0, "difference"), "-");
    EXPECT_EQ(Cell(table, 1, "top-1 %"), "91.43");
    EXPECT_EQ(Cell(table, 1, "paper %"), "91.13");
    EXPECT_EQ(Cell(table, 1, "difference"), "+0.30");
  }
}

TEST(SummaryTableOf, NoPaperNoColumns) {
  Report report = MadeUpReport();
  report.clear_paper();
  const Table table = SummaryTableOf(report, SummaryDetail::kTerminal);
  EXPECT_EQ(Cell(table, 0, "paper %"), "no such column");
  EXPECT_EQ(Cell(table, 0, "difference"), "no such column");
}

// Protects: what a network lost by quantization, here and in the paper, on
// data where the absolute figures cannot be compared.
TEST(ChangeTableOf, ShowsTheChangeFromTheStart) {
  Report report = MadeUpReport();
  report.mutable_results(0)->set_top1(86.5);
  report.mutable_results(1)->set_top1(86);
  PaperResult* paper = report.add_paper();
  paper->set_phase("full_precision");
  paper->set_top1(91.77);
  const Table table = ChangeTableOf(report);
  ExpectRectangular(table);
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(Cell(table, 0, "phase"), "ttq");
  EXPECT_EQ(Cell(table, 0, "starts from"), "full_precision");
  EXPECT_EQ(Cell(table, 0, "start %"), "86.50");
  EXPECT_EQ(Cell(table, 0, "before training %"), "31.25");
  EXPECT_EQ(Cell(table, 0, "after training %"), "86.00");
  EXPECT_EQ(Cell(table, 0, "change"), "-0.50");
  EXPECT_EQ(Cell(table, 0, "paper's change"), "-0.64");
}

// Protects: a model is called smaller by its whole file, not by its weights.
TEST(ModelFileTableOf, ComparesTheWholeFile) {
  Report report = MadeUpReport();
  report.clear_model_file();
  EXPECT_TRUE(ModelFileTableOf(report).rows.empty());
  uint32_t weights = 0;
  for (const LayerResult& layer : report.results(1).layers())
    weights += layer.weights();
  ModelFile* file = report.mutable_model_file();
  file->set_phase("ttq");
  file->set_bytes(weights);
  file->set_coded_weight_bytes(weights / 2);
  const Table table = ModelFileTableOf(report);
  ExpectRectangular(table);
  const int last = static_cast<int>(table.rows.size()) - 1;
  EXPECT_EQ(Cell(table, last, "what"), "the file");
  EXPECT_EQ(Cell(table, last, "\u00d7 smaller"), "4.0");
  EXPECT_EQ(table.caption.find("integer program"), std::string::npos);
  file->set_integer_top1(report.results(1).top1() - 0.25);
  EXPECT_NE(ModelFileTableOf(report).caption.find("floating point (-0.25)"),
            std::string::npos);
  // The three of them: floating point, plain loops, the program.
  file->set_emulated_top1(88.5);
  file->set_emulated_images(1000);
  EXPECT_NE(ModelFileTableOf(report).caption.find(
                "on 1,000 images spread over the test set: 88.50 %, every "
                "logit the same to the last bit"),
            std::string::npos);
  file->set_emulated_differences(3);
  EXPECT_NE(ModelFileTableOf(report).caption.find("on 3 of them: a kernel"),
            std::string::npos);
  file->set_integer_single_crop(true);
  EXPECT_NE(ModelFileTableOf(report).caption.find("of one crop an image"),
            std::string::npos);
  EXPECT_EQ(ModelFileTableOf(report).caption.find("against"),
            std::string::npos);
  file->clear_integer_top1();
  file->set_why_no_integer_program("node bn1: it has none");
  EXPECT_NE(
      ModelFileTableOf(report).caption.find("No integer program: node bn1"),
      std::string::npos);
}

// Protects: one method's re-training can be held against another's.
TEST(CostTableOf, ComparesWithTheStart) {
  Report report = MadeUpReport();
  report.mutable_results(0)->set_train_multiply_adds(4e12);
  report.mutable_results(1)->set_train_multiply_adds(1e12);
  const Table table = CostTableOf(report);
  ExpectRectangular(table);
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(Cell(table, 0, "\u00d7 start"), "-");
  EXPECT_EQ(Cell(table, 1, "\u00d7 start"), "0.25");
  EXPECT_EQ(Cell(table, 1, "epochs"),
            absl::StrCat(report.results(1).epochs_size()));
}

// Protects: the result is the last epoch's; the best stands beside it.
TEST(SummaryTableOf, TheBestIsBesideTheResult) {
  Report report = MadeUpReport();
  PhaseResult* phase = report.mutable_results(0);
  phase->set_top1(90.75);
  phase->set_best_top1(91.52);
  phase->set_best_epoch(2);
  const Table table = SummaryTableOf(report, SummaryDetail::kPage);
  EXPECT_EQ(Cell(table, 0, "top-1 %"), "90.75");
  EXPECT_EQ(Cell(table, 0, "best % (epoch)"), "91.52 (2)");
  EXPECT_NE(ResultSentence(*phase).find("Top-1 90.75 %"), std::string::npos);
  EXPECT_NE(ResultSentence(*phase).find("best: 91.52 % after epoch 2"),
            std::string::npos);
  const Table epochs = EpochTableOf(report, *phase);
  ExpectRectangular(epochs);
  EXPECT_EQ(Cell(epochs, 0, ""), "");
  EXPECT_EQ(Cell(epochs, 1, ""), "best");
  EXPECT_EQ(Cell(epochs, 2, ""), "result");
}

// Protects: sizes are compared with 4 bytes for each weight.
TEST(SummaryTableOf, TimesSmallerThanFourBytesEach) {
  Report report = MadeUpReport();
  PhaseResult* phase = report.mutable_results(1);
  phase->clear_layers();
  phase->add_layers()->set_weights(1000);
  phase->add_layers()->set_weights(600);
  phase->set_weight_bytes(400);
  phase->set_weight_sparsity(0.4567);
  const Table table = SummaryTableOf(report, SummaryDetail::kTerminal);
  EXPECT_EQ(Cell(table, 1, "\u00d7 smaller"), "16.0");
  EXPECT_EQ(Cell(table, 1, "sparsity %"), "45.67");
  phase->set_weight_bytes(0);
  EXPECT_EQ(Cell(SummaryTableOf(report, SummaryDetail::kTerminal), 1,
                 "\u00d7 smaller"),
            "-");
}

TEST(PaperNotes, NameTheSourceAlsoOfPhasesThatDidNotRun) {
  Report report = MadeUpReport();
  report.mutable_results(1)->set_top1(90.13);
  PaperResult* paper = report.add_paper();
  paper->set_phase("inq");
  paper->set_top1(91.0);
  const std::vector<std::string> notes = PaperNotes(report);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[0],
            "Paper, ttq: 91.13 % top-1 (Zhu et al. 2017, table 1); this run: "
            "90.13 %, difference -1.00.");
  EXPECT_EQ(notes[1], "Paper, inq: 91.00 % top-1; this phase did not run.");
}

// Protects: a column for each learned value, "-" for layers without it.
TEST(LayerTableOf, HasTheLearnedValues) {
  const Report report = MadeUpReport();
  const Table table = LayerTableOf(report, report.results(1));
  ExpectRectangular(table);
  ASSERT_EQ(table.rows.size(), 4u);
  EXPECT_EQ(Cell(table, 0, "W_p"), "-");
  EXPECT_EQ(Cell(table, 1, "W_p"), "1.1");
  EXPECT_EQ(Cell(table, 1, "W_n"), "0.95");
  EXPECT_EQ(Cell(table, 1, "threshold"), "0.05");
  EXPECT_EQ(Cell(table, 1, "sparsity %"), "47.70");
  const Table plain = LayerTableOf(report, report.results(0));
  EXPECT_EQ(Cell(plain, 0, "W_p"), "no such column");
}

// Protects: counts of quantized layers only, beside what they are counted of.
TEST(FilterTableOf, CountsOfQuantizedLayers) {
  Report report = MadeUpReport();
  PhaseResult* phase = report.mutable_results(1);
  const Table table = FilterTableOf(report, *phase);
  ExpectRectangular(table);
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(Cell(table, 0, "layer"), phase->layers(1).name());
  EXPECT_EQ(Cell(table, 0, "kernel"), "3\u00d73");
  EXPECT_EQ(Cell(table, 0, "filters"), "16");
  EXPECT_EQ(Cell(table, 0, "zero filters"), "1");
  EXPECT_EQ(Cell(table, 0, "equal"), "2");
  EXPECT_EQ(Cell(table, 0, "negated"), "3");
  EXPECT_EQ(Cell(table, 0, "equal signs"), "4");
  EXPECT_EQ(Cell(table, 0, "negated signs"), "5");
  EXPECT_EQ(Cell(table, 0, "removable"), "6");
  EXPECT_EQ(Cell(table, 0, "unread"), "4");
  EXPECT_EQ(Cell(table, 1, "zero kernels"), "34");
  EXPECT_EQ(Cell(table, 1, "zero kernels %"), "13.28");
  EXPECT_EQ(Cell(table, 0, "distinct kernels"), "200");
  EXPECT_EQ(Cell(table, 0, "possible"), "19,683");
  EXPECT_TRUE(FilterTableOf(report, report.results(0)).rows.empty());
  // An empty message and more kernels than can be counted make no nonsense.
  FilterCounts* filters = phase->mutable_layers(1)->mutable_filters();
  filters->Clear();
  filters->set_possible_kernels(1e60);
  phase->mutable_layers(1)->clear_removable_filters();
  EXPECT_EQ(Cell(FilterTableOf(report, *phase), 0, "equal signs"), "-");
  EXPECT_EQ(Cell(FilterTableOf(report, *phase), 0, "removable"), "-");
  EXPECT_EQ(Cell(FilterTableOf(report, *phase), 0, "zero kernels %"), "-");
  EXPECT_EQ(Cell(FilterTableOf(report, *phase), 0, "possible"), "1e+60");
}

// Protects: captions that name method and epochs, and reports of before that.
TEST(SettingOf, OnePhaseOrAll) {
  Report report = MadeUpReport();
  EXPECT_EQ(SettingOf(report, report.results(1)),
            SettingOf(report) + "; ttq: TTQ, t = 0.05, 3 epochs");
  EXPECT_EQ(SettingOfPhases(report),
            SettingOf(report) +
                "; full_precision: full precision, 3 epochs"
                "; ttq: TTQ, t = 0.05, 3 epochs");
  EXPECT_NE(ProvenanceTableOf(report).caption.find(SettingOfPhases(report)),
            std::string::npos);
  for (PhaseResult& phase : *report.mutable_results()) phase.clear_setting();
  EXPECT_EQ(SettingOf(report, report.results(1)), SettingOf(report));
  EXPECT_EQ(SettingOfPhases(report), SettingOf(report));
}

// Protects: the caption says what is shown of how much, of which layer.
TEST(KernelCaptionOf, SaysWhatIsShown) {
  const Report report = MadeUpReport();
  const PhaseResult& phase = report.results(1);
  const std::string caption = KernelCaptionOf(report, phase, phase.layers(1));
  for (const std::string& part :
       {"layer " + phase.layers(1).name() + " after phase ttq",
        std::string("filter (all 16)"), std::string("(the first 12 of 16)"),
        std::string("3\u00d73 weights"), SettingOf(report),
        std::string("; ttq: TTQ, t = 0.05, 3 epochs.")}) {
    EXPECT_NE(caption.find(part), std::string::npos) << part << caption;
  }
}

// Protects: counts and energies have columns of their own, in units that the
// titles say, and full precision is what others are a multiple of.
TEST(EnergyTableOf, OneRowAPhaseProcessAndArithmetic) {
  const Report report = MadeUpReport();
  const Table table = EnergyTableOf(report);
  ExpectRectangular(table);
  ASSERT_EQ(table.rows.size(), 12u);
  EXPECT_EQ(Cell(table, 0, "phase"), "full_precision");
  EXPECT_EQ(Cell(table, 0, "process"), "45 nm");
  EXPECT_EQ(Cell(table, 0, "arithmetic"), "f32");
  EXPECT_EQ(Cell(table, 0, "\u00d7 f32"), "1.000");
  EXPECT_EQ(Cell(table, 0, "operations, 0 w a"), "-");
  EXPECT_EQ(Cell(table, 11, "phase"), "ttq");
  EXPECT_EQ(Cell(table, 11, "process"), "7 nm");
  EXPECT_EQ(Cell(table, 11, "arithmetic"), "int8");
  EXPECT_NE(Cell(table, 11, "compute \u00b5J, 0 w a"), "-");
  for (const char* part : {"not measured", "Horowitz", "Jouppi", "cifar10",
                           "counted in the format of training"})
    EXPECT_NE(table.caption.find(part), std::string::npos) << table.caption;
}

// 2,000,000 pJ are 2 microjoules; compute 2, of which 1 stays with zeros
// skipped, weights 3, activations 0.5: 4.5 of 9 in f32.
TEST(EnergyTableOf, AddsMemoryToComputing) {
  Report report;
  EnergyResult* energy = report.add_results()->add_energy();
  energy->set_process("3 nm");
  energy->set_full_precision_pj(9e6);
  EnergyEntry* total = energy->mutable_total();
  total->set_operations(4e6);
  total->set_weight_sparse_operations(1.5e6);
  total->set_compute_pj(2e6);
  total->set_weight_sparse_compute_pj(1e6);
  total->set_weight_traffic_pj(3e6);
  total->set_activation_traffic_pj(0.5e6);
  Table table = EnergyTableOf(report);
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(Cell(table, 0, "operations"), "4 million");
  EXPECT_EQ(Cell(table, 0, "operations, 0 w"), "1.5 million");
  EXPECT_EQ(Cell(table, 0, "operations, 0 w a"), "no such column");
  EXPECT_EQ(Cell(table, 0, "compute \u00b5J"), "2");
  EXPECT_EQ(Cell(table, 0, "compute \u00b5J, 0 w"), "1");
  EXPECT_EQ(Cell(table, 0, "memory \u00b5J"), "3.5");
  EXPECT_EQ(Cell(table, 0, "total \u00b5J"), "5.5");
  EXPECT_EQ(Cell(table, 0, "total \u00b5J, 0 w"), "4.5");
  EXPECT_EQ(Cell(table, 0, "total \u00b5J, 0 w a"), "no such column");
  EXPECT_EQ(Cell(table, 0, "\u00d7 f32"), "0.500");
  total->set_weight_sparse_register_pj(1e6);
  table = EnergyTableOf(report);
  EXPECT_EQ(Cell(table, 0, "memory \u00b5J"), "4.5");
  EXPECT_EQ(Cell(table, 0, "total \u00b5J, 0 w"), "5.5");
  total->set_both_sparse_operations(1e6);
  total->set_both_sparse_compute_pj(0.75e6);
  total->set_both_sparse_register_pj(0.25e6);
  table = EnergyTableOf(report);
  EXPECT_EQ(Cell(table, 0, "operations, 0 w a"), "1 million");
  EXPECT_EQ(Cell(table, 0, "compute \u00b5J, 0 w a"), "0.75");
  EXPECT_EQ(Cell(table, 0, "total \u00b5J, 0 w a"), "4.5");
  report.mutable_results(0)->clear_energy();
  EXPECT_TRUE(EnergyTableOf(report).rows.empty());
}

// 8,000 bits of weights for 3 microjoules; of 6,000 bits of activations 4,000
// are in DRAM as well, which is 1.5, and what is left of 1.75 is the buffer's.
EnergyEntry EntryWithTraffic() {
  EnergyEntry entry;
  entry.set_compute_pj(4e6);
  entry.set_weight_sparse_compute_pj(2e6);
  entry.set_weight_dram_bits(8000);
  entry.set_activation_dram_bits(4000);
  entry.set_activation_buffer_bits(2000);
  entry.set_weight_traffic_pj(3e6);
  entry.set_activation_traffic_pj(1.75e6);
  return entry;
}

// Protects: traffic by level of memory, in bytes and in energy.
TEST(MemoryTrafficTableOf, TellsDramFromTheBuffer) {
  Report report;
  EnergyResult* energy = report.add_results()->add_energy();
  *energy->mutable_total() = EntryWithTraffic();
  Table table = MemoryTrafficTableOf(report);
  ExpectRectangular(table);
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(Cell(table, 0, "DRAM bytes, weights"), "1,000");
  EXPECT_EQ(Cell(table, 0, "DRAM bytes, activations"), "500");
  EXPECT_EQ(Cell(table, 0, "buffer bytes, activations"), "250");
  EXPECT_EQ(Cell(table, 0, "weights \u00b5J"), "3");
  EXPECT_EQ(Cell(table, 0, "activations \u00b5J"), "1.75");
  EXPECT_EQ(Cell(table, 0, "DRAM \u00b5J"), "4.5");
  EXPECT_EQ(Cell(table, 0, "buffer \u00b5J"), "0.25");
  EXPECT_EQ(Cell(table, 0, "registers \u00b5J"), "no such column");
  energy->mutable_total()->set_register_pj(2e6);
  energy->mutable_total()->set_weight_sparse_register_pj(1e6);
  EXPECT_EQ(Cell(MemoryTrafficTableOf(report), 0, "registers \u00b5J"), "1");
  const Table made_up = MemoryTrafficTableOf(MadeUpReport());
  ASSERT_EQ(made_up.rows.size(), 12u);
  EXPECT_NE(Cell(made_up, 0, "buffer \u00b5J"), "0");
  report.mutable_results(0)->clear_energy();
  EXPECT_TRUE(MemoryTrafficTableOf(report).rows.empty());
}

// Protects: each layer dense, with zero weights skipped and with zero
// activations skipped, and its traffic by level; a table for each estimate.
TEST(LayerEnergyTableOf, OneRowALayer) {
  Report report = MadeUpReport();
  PhaseResult& phase = *report.mutable_results(1);
  EnergyResult& energy = *phase.mutable_energy(0);
  ASSERT_EQ(energy.activations(), "f32");
  EnergyEntry& entry = *energy.mutable_layers(1);
  entry.MergeFrom(EntryWithTraffic());
  entry.set_operations(5e6);
  entry.set_weight_sparse_operations(3e6);
  entry.set_both_sparse_operations(1e6);
  entry.set_both_sparse_compute_pj(1e6);
  const Table table = LayerEnergyTableOf(report, phase, energy);
  ExpectRectangular(table);
  ASSERT_EQ(table.rows.size(), 4u);
  EXPECT_EQ(Cell(table, 0, "layer"), "conv1");
  EXPECT_EQ(Cell(table, 0, "computed as"), "f32 multiply-add");
  EXPECT_EQ(Cell(table, 1, "computed as"), "add, two scales");
  EXPECT_EQ(Cell(table, 1, "operations"), "5 million");
  EXPECT_EQ(Cell(table, 1, "operations, 0 w"), "3 million");
  EXPECT_EQ(Cell(table, 1, "operations, 0 w a"), "1 million");
  EXPECT_EQ(Cell(table, 1, "compute \u00b5J"), "4");
  EXPECT_EQ(Cell(table, 1, "compute \u00b5J, 0 w"), "2");
  EXPECT_EQ(Cell(table, 1, "compute \u00b5J, 0 w a"), "1");
  EXPECT_EQ(Cell(table, 1, "DRAM bytes"), "1,500");
  EXPECT_EQ(Cell(table, 1, "buffer bytes"), "250");
  EXPECT_EQ(Cell(table, 1, "DRAM \u00b5J"), "4.5");
  EXPECT_EQ(Cell(table, 1, "buffer \u00b5J"), "0.25");
  EXPECT_EQ(Cell(table, 1, "total \u00b5J"), "8.75");
  EXPECT_EQ(Cell(table, 1, "total \u00b5J, 0 w"), "6.75");
  EXPECT_EQ(Cell(table, 1, "total \u00b5J, 0 w a"), "5.75");
  for (const char* part :
       {"phase ttq", "at 45 nm, in f32", "counted in the format of training"})
    EXPECT_NE(table.caption.find(part), std::string::npos) << table.caption;
  // The phase before it was not counted.
  const PhaseResult& full = report.results(0);
  EXPECT_EQ(Cell(LayerEnergyTableOf(report, full, full.energy(0)), 0,
                 "operations, 0 w a"),
            "no such column");
  EXPECT_TRUE(
      LayerEnergyTableOf(report, PhaseResult(), EnergyResult()).rows.empty());
}

// Protects: shares of all layers weigh each by what it has: activations,
// weights, multiply-adds.
TEST(ActivationTableOf, OneRowALayerAndOneOfAll) {
  Report report = MadeUpReport();
  PhaseResult* phase = report.mutable_results(1);
  for (int l = 0; l < 4; ++l) {
    LayerResult* layer = phase->mutable_layers(l);
    layer->set_input_values(l == 1 ? 300 : 100);
    layer->set_zero_activations(l == 1 ? 0.75 : 0.25);
    layer->set_weights(l == 2 ? 200 : 100);
    layer->set_sparsity(l == 2 ? 1 : 0);
    layer->set_multiply_adds(l == 3 ? 2e6 : 1e6);
    layer->set_both_nonzero(l == 3 ? 0.5 : 0);
  }
  const Table table = ActivationTableOf(report, *phase);
  ExpectRectangular(table);
  ASSERT_EQ(table.rows.size(), 5u);
  EXPECT_EQ(Cell(table, 1, "activations"), "300");
  EXPECT_EQ(Cell(table, 1, "zero activations %"), "75.00");
  EXPECT_EQ(Cell(table, 1, "unquantized %"), "37.50");
  EXPECT_EQ(Cell(table, 0, "unquantized %"), "-");
  EXPECT_EQ(Cell(table, 4, "layer"), "all");
  EXPECT_EQ(Cell(table, 4, "activations"), "600");
  EXPECT_EQ(Cell(table, 4, "zero activations %"), "50.00");
  EXPECT_EQ(Cell(table, 4, "zero weights %"), "40.00");
  EXPECT_EQ(Cell(table, 4, "both not 0 %"), "20.00");
  EXPECT_NE(table.caption.find("on 1,000 images spread evenly"),
            std::string::npos);
  EXPECT_TRUE(ActivationTableOf(report, report.results(0)).rows.empty());
}

TEST(WeightSetTableOf, FirstAndLastEpoch) {
  Report report = MadeUpReport(4, 3);
  PhaseResult* phase = report.mutable_results(1);
  phase->mutable_epochs(0)->mutable_weight_sets(0)->set_zero(0.125f);
  phase->mutable_epochs(0)->mutable_weight_sets(0)->clear_changed();
  WeightSets* last = phase->mutable_epochs(2)->mutable_weight_sets(0);
  last->set_zero(0.5f);
  last->set_changed(0.0625f);
  Table table = WeightSetTableOf(report, *phase);
  ExpectRectangular(table);
  ASSERT_EQ(table.rows.size(), 2u);  // the quantized layers
  EXPECT_EQ(Cell(table, 0, "layer"), phase->layers(1).name());
  EXPECT_EQ(Cell(table, 0, "zero %, epoch 1"), "12.50");
  EXPECT_EQ(Cell(table, 0, "zero %, epoch 3"), "50.00");
  EXPECT_EQ(Cell(table, 0, "changed %, epoch 1"), "-");
  EXPECT_EQ(Cell(table, 0, "changed %, epoch 3"), "6.25");
  EXPECT_EQ(Cell(table, 0, "norm, negative"), "0.75");
  EXPECT_NE(Cell(table, 0, "gradient of W_p"), "no such column");
  EXPECT_EQ(table.columns.back().title, "gradient of W_n");
  for (WeightSets& sets : *phase->mutable_epochs(2)->mutable_weight_sets())
    sets.clear_gradients();
  table = WeightSetTableOf(report, *phase);
  ExpectRectangular(table);
  EXPECT_EQ(Cell(table, 0, "norm, zero"), "no such column");
  EXPECT_TRUE(WeightSetTableOf(report, report.results(0)).rows.empty());
  EXPECT_TRUE(WeightSetTableOf(report, PhaseResult()).rows.empty());
}

TEST(ProvenanceTableOf, SaysWhatWasRun) {
  const Table table = ProvenanceTableOf(MadeUpReport());
  std::string all;
  for (const auto& row : table.rows) all += row[0] + "=" + row[1] + "\n";
  for (const char* line :
       {"experiment=made_up_resnet20\n", "seed=7\n", "commit=0123abc-dirty\n",
        "oneDNN=3.7.2\n", "instruction set=avx512_core_vnni\n", "threads=2\n",
        "data read from=data/cifar10.tar.gz\n",
        "data checksum (CRC32C)=89abcdef\n", "data type=bf16\n",
        "resumed=once\n"}) {
    EXPECT_NE(all.find(line), std::string::npos) << line << all;
  }
}

// Protects: a report that promises the same bits says what they depend on.
TEST(RepetitionSentence, SaysWhatTheBitsDependOn) {
  Report report = MadeUpReport();
  EXPECT_EQ(RepetitionSentence(report),
            "The same commit, spec, seed and images give the same bits again "
            "with as many threads (2), the same data type, instruction set and "
            "version of oneDNN; with others sums round otherwise, and no such "
            "thing is promised.");
  report.mutable_provenance()->set_ranks(4);
  EXPECT_NE(RepetitionSentence(report).find("threads (2), ranks (4), the same"),
            std::string::npos);
}

// Protects: bits are promised with the threads that each phase was trained
// with, which in a sweep are more for what its points share.
TEST(ProvenanceTableOf, NamesTheRunThatTrainedAPhase) {
  Report report = MadeUpReport();
  EXPECT_EQ(ProvenanceTableOf(report).caption.find("Rows that begin"),
            std::string::npos);
  Provenance& shared = *report.mutable_results(0)->mutable_trained_by();
  shared.set_threads(4);
  shared.set_instruction_set("avx2");
  shared.set_onednn_version("3.6");
  shared.set_commit("fedcba9");
  const Table table = ProvenanceTableOf(report);
  ExpectRectangular(table);
  EXPECT_NE(table.caption.find("Rows that begin"), std::string::npos);
  std::string all = "\n";
  for (const auto& row : table.rows) all += row[0] + "=" + row[1] + "\n";
  for (const char* line : {"\nthreads=2\n", "\nfull_precision: threads=4\n",
                           "\nfull_precision: instruction set=avx2\n",
                           "\nfull_precision: oneDNN=3.6\n",
                           "\nfull_precision: commit=fedcba9\n"}) {
    EXPECT_NE(all.find(line), std::string::npos) << line << all;
  }
  EXPECT_EQ(all.find("ttq: "), std::string::npos) << all;
  EXPECT_EQ(all.find("ranks"), std::string::npos) << all;
  report.mutable_provenance()->set_ranks(3);
  EXPECT_NE(RepetitionSentence(report).find(
                "as many threads (2; 4 for full_precision, which another run "
                "trained), ranks (3), the same data type"),
            std::string::npos)
      << RepetitionSentence(report);
}

// Protects: steps from which nothing was learned are counted on the page.
TEST(ResultSentence, CountsSkippedSteps) {
  Report report = MadeUpReport();
  PhaseResult* phase = report.mutable_results(1);
  EXPECT_EQ(ResultSentence(*phase).find("skipped"), std::string::npos);
  phase->set_skipped_steps(1);
  EXPECT_NE(ResultSentence(*phase).find(
                "before the first step; 1 step was skipped, for the loss or a "
                "gradient was not finite."),
            std::string::npos)
      << ResultSentence(*phase);
  phase->set_skipped_steps(1234);
  EXPECT_NE(ResultSentence(*phase).find("; 1,234 steps were skipped, for"),
            std::string::npos);
}

// Protects: nothing crashes on a report that has only begun, or on NaN.
TEST(ReportTables, EmptyReportsAndNaN) {
  Report report;
  EXPECT_TRUE(SummaryTableOf(report, SummaryDetail::kPage).rows.empty());
  EXPECT_FALSE(ProvenanceTableOf(report).rows.empty());
  PhaseResult* phase = report.add_results();
  phase->set_starts_from("a phase that is not here");
  phase->set_top1(std::numeric_limits<double>::quiet_NaN());
  phase->set_weight_sparsity(std::numeric_limits<double>::quiet_NaN());
  phase->set_images_per_second(std::numeric_limits<double>::infinity());
  const Table table = SummaryTableOf(report, SummaryDetail::kPage);
  EXPECT_EQ(Cell(table, 0, "top-1 %"), "NaN");
  EXPECT_EQ(Cell(table, 0, "sparsity %"), "NaN");
  EXPECT_EQ(Cell(table, 0, "images/s"), "inf");
  EXPECT_EQ(Cell(ChangeTableOf(report), 0, "change"), "-");
  EXPECT_TRUE(EpochTableOf(report, *phase).rows.empty());
  EXPECT_TRUE(LayerTableOf(report, *phase).rows.empty());
  EXPECT_EQ(ResultSentence(*phase), "Top-1 NaN %; no epoch was trained.");
}

}  // namespace
}  // namespace tritlab
