"""Signing in by the company's own provider: its tokens are checked by the API's authorizer, and its page leads back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from local_aws.workshop import LocalWorkshop, Options
from tests.browser.chromium import Browser
from tests.e2e.conftest import ROOT
from tests.e2e.oidc_provider import OidcProvider, encoded, new_key
from tests.e2e.visiting import Visitor
from tests.patience import HARD_END
from workshop.platform import clock

pytestmark = pytest.mark.browser

CLIENT = "workshop-app"


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    with OidcProvider(CLIENT) as provider:
        yield provider


@pytest.fixture(scope="module")
def workshop(provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkshop]:
    oidc = {
        "OidcIssuer": provider.issuer,
        "OidcClientId": CLIENT,
        "OidcDatasets": "chairs=red-chairs,designers=*",
    }
    with LocalWorkshop(ROOT, tmp_path_factory.mktemp("signed"), Options(preset="tiny", further=oidc)) as workshop:
        provider.redirect_uri = f"{workshop.app_url}/"
        yield workshop


def sign_in(workshop: LocalWorkshop, token: str) -> tuple[int, list[str]]:
    """The status of the answer, and the datasets that are open then."""
    visitor = Visitor(workshop.app_url)
    answer = visitor.ask("POST", "/api/oidc-session", Authorization=f"Bearer {token}")
    me = visitor.ask("GET", "/api/me")
    return answer.status, [grant["dataset"] for grant in me.body["grants"]] if me.status == 200 else []


def test_a_checked_token_opens_what_its_groups_may_see(workshop: LocalWorkshop, provider: OidcProvider) -> None:
    assert sign_in(workshop, provider.token(groups=["chairs", "other"])) == (200, ["red-chairs"])
    assert sign_in(workshop, provider.token(groups=["designers"])) == (200, ["*"])
    assert sign_in(workshop, provider.token(groups=["other"])) == (401, [])


def without_signature(provider: OidcProvider) -> str:
    head = encoded(b'{"alg": "none", "kid": "1"}')
    return f"{head}.{provider.token(groups=['designers']).split('.')[1]}."


FORGED: dict[str, Callable[[OidcProvider], str]] = {
    "none": lambda _: "",
    "no token": lambda _: "designers",
    "not signed": without_signature,
    "signed by another": lambda it: it.token(key=new_key(), groups=["designers"]),
    "for another app": lambda it: it.token(aud="other-app", groups=["designers"]),
    "of another provider": lambda it: it.token(iss="https://login.example.com", groups=["designers"]),
    "expired": lambda it: it.token(exp=clock.now_ms() // 1000 - 60, groups=["designers"]),
}


@pytest.mark.parametrize("kind", FORGED)
def test_what_the_provider_has_not_written_for_this_app_and_now_opens_nothing(
    workshop: LocalWorkshop, provider: OidcProvider, kind: str
) -> None:
    assert sign_in(workshop, FORGED[kind](provider)) == (401, [])


def test_in_a_browser_the_providers_page_leads_back_into_the_app(
    workshop: LocalWorkshop, provider: OidcProvider, open_browser: Callable[[], Browser]
) -> None:
    provider.groups = ["designers"]
    driver: Any = open_browser().driver
    driver.get(f"{workshop.app_url}/")
    wait = WebDriverWait(driver, HARD_END)
    wait.until(lambda it: it.find_elements(By.XPATH, "//button[contains(., 'Sign in')]"))[0].click()
    title = wait.until(lambda it: it.find_elements(By.XPATH, "//h1[contains(., 'Your datasets')]"))
    assert title
    assert "code=" not in driver.current_url
    driver.refresh()
    wait.until(lambda it: it.find_elements(By.XPATH, "//h1[contains(., 'Your datasets')]"))
