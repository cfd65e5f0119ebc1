"""Class labels of a dataset come by their names, as a recipe's labels do."""

import datasets
import pyarrow.parquet as pq

from tests.unit.kinds.conftest import Read


def test_class_labels_come_by_their_names(read: Read, tmp_path) -> None:
    names = datasets.ClassLabel(names=["negative", "neutral", "positive"])
    features = datasets.Features({"sentence": datasets.Value("string"), "label": names})
    made = datasets.Dataset.from_dict({"sentence": ["a", "b", "c"], "label": [2, 0, -1]}, features=features)
    (tmp_path / "hub").mkdir()
    pq.write_table(made.data.table, tmp_path / "hub" / "train.parquet")
    columns = {
        "text": {"type": "text", "from": "sentence"},
        "label_experts": {"type": "text", "from": "label", "nullable": True},
    }
    rows, rejects = read(dataset=str(tmp_path / "hub"), columns=columns)
    assert not rejects
    assert [(row["text"], row["label_experts"]) for row in rows] == [("a", "positive"), ("b", "negative"), ("c", None)]
