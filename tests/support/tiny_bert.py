"""A model folder that a test makes: a BERT of two layers that knows ten words, and texts in those words."""

from pathlib import Path

WORDS = ["profit", "sales", "margin", "orders", "rose", "grew", "fell", "shrank", "today", "again"]
TEXTS = [f"{what} {verb} {when}" for what in WORDS[:4] for verb in WORDS[4:8] for when in WORDS[8:]] * 3


def tiny_model(folder: Path) -> Path:
    """Writes an untrained model and its tokenizer."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate([*special, *WORDS])}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = transformers.BertConfig(vocab_size=len(special) + len(WORDS), num_labels=2, pad_token_id=0, **sizes)
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
