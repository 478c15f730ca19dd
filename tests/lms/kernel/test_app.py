"""The kernel as a whole: the app answers, refuses in words and describes itself."""

from flask.testing import FlaskClient


def test_the_app_is_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200


def test_the_openapi_document_is_served(client: FlaskClient) -> None:
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.json["openapi"] == "3.1.0"


def test_an_unknown_page_is_missing_in_words(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "没有找到" in answer.get_data(as_text=True)
