from lab.text.markdown import markdown_code, markdown_fence, markdown_text


def test_text_is_shown_as_it_is() -> None:
    assert markdown_text("a|b <i> *x* my_name _y_") == r"a\|b \<i\> \*x\* my_name \_y\_"


def test_code_is_closed_by_nothing_inside() -> None:
    assert markdown_code("a`b|c") == "`` a`b\\|c ``"
    assert markdown_fence(["````"]) == "`````text\n````\n`````"
