from lab.text.markdown import markdown_code, markdown_fence, markdown_text


def test_text_is_shown_as_it_is() -> None:
    assert markdown_text("a|b <i> *x* my_name _y_") == r"a\|b \<i\> \*x\* my_name \_y\_"


def test_text_begins_no_block() -> None:
    starts = ("# a", "- a", "+ a", "1. a", "12) a", "---", "===", "#")
    assert [markdown_text(text) for text in starts] == [
        r"\# a", r"\- a", r"\+ a", r"1\. a", r"12\) a", r"\---", r"\===", r"\#"
    ]  # fmt: skip
    assert [markdown_text(text) for text in ("+2.0 MiB", "1.5", "#3")] == ["+2.0 MiB", "1.5", "#3"]


def test_code_with_a_hidden_bar_is_text() -> None:
    assert markdown_code("a\\|<b>") == r"a\\\|\<b\>"


def test_code_is_closed_by_nothing_inside() -> None:
    assert markdown_code("a`b|c") == "`` a`b\\|c ``"
    assert markdown_fence(["````"]) == "`````text\n````\n`````"
