"""random-model: packed networks with random weights, for cost figures."""
import json
import unittest

from cli_case import CliCase

SMALL = ("random-model", "--arch", "ds_cnn", "--input", "20x10x1", "--width", "0.125")


class RandomModel(CliCase):
    def bytes_of(self, name, *words):
        self.run_tool(*SMALL, *words, "-o", name)
        return (self.folder / name).read_bytes()

    def test_equal_options_give_equal_bytes_and_another_seed_gives_others(self):
        first = self.bytes_of("a.nsm")
        self.assertEqual(first, self.bytes_of("b.nsm"))
        self.assertNotEqual(first, self.bytes_of("c.nsm", "--seed", "2"))

    def test_sparsities_make_a_subnet_each(self):
        self.bytes_of("nested.nsm", "--sparsities", "0.5,0.75", "--block", "1x1")
        info = json.loads(self.run_tool("ns-info", "--json", "nested.nsm").stdout)
        self.assertEqual([subnet["sparsity"] for subnet in info["networks"][0]["subnets"]], [0.75, 0.5])

    def test_binary_networks_and_ensembles_of_them(self):
        words = ("random-model", "--arch", "resnet8_binary", "--input", "8x8x1", "--width", "0.25", "-q")
        self.run_tool(*words, "--activation-bits", 2, "--normalisation", "100,50", "-o", "one.nsm")
        self.run_tool(*words, "--members", 2, "-o", "two.nsm")
        self.run_tool(*words, "--members", 2, "--split", "input", "-o", "apart.nsm")
        one, two, apart = (json.loads(self.run_tool("ns-info", "--json", name).stdout)["networks"][0] for name in ("one.nsm", "two.nsm", "apart.nsm"))
        self.assertLess(len(one["operators"]), len(two["operators"]))
        self.assertLess(len(two["operators"]), len(apart["operators"]))
        self.assert_error(self.run_tool(*words, "--members", 2, "--split", "stm", "-o", "x.nsm", status=2), "random-model", "outside the network")

    def test_an_existing_file_stays_unless_overwrite_is_given(self):
        (self.folder / "model.nsm").write_bytes(b"mine")
        self.assert_error(self.run_tool(*SMALL, "-o", "model.nsm", status=2), "random-model", "model.nsm")
        self.assertEqual((self.folder / "model.nsm").read_bytes(), b"mine")
        self.run_tool(*SMALL, "-o", "model.nsm", "--overwrite")

    def test_impossible_requests_are_usage_errors(self):
        for words, fragment in (
            (("--input", "32x32"), "32x32x3"),
            (("--input", "0x32x3"), "0x32x3"),
            (("--input", "32x32x3x1"), "32x32x3x1"),
            (("--arch", "resnet88"), 'did you mean "resnet8"'),
            (("--sparsities", "0.9,0.5"), "increasing"),
            (("--block", "1x3"), "1x3"),
        ):
            with self.subTest(words=words):
                done = self.run_tool("random-model", *words, "-o", "model.nsm", status=2)
                self.assert_error(done, "random-model", fragment)
                self.assertFalse((self.folder / "model.nsm").exists())

    def test_a_missing_folder_is_an_environment_error_before_any_work(self):
        self.assert_error(self.run_tool(*SMALL, "-o", "nowhere/model.nsm", status=4), "random-model", "nowhere")


if __name__ == "__main__":
    unittest.main()
