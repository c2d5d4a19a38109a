"""A locust file as a newcomer to Locust writes one: HttpUser, tasks with weights, a pause, and a
class for each framework that is to be compared. HOSTS names those: {"name": "http://..."}.

Its users share their items, as those of a naive load test do: one may have deleted what another
asks for, which such a test takes for success.
"""

import json
import os
import random

from locust import HttpUser, between, task


def item() -> dict[str, object]:
    number = random.randint(1, 10_000)
    return {
        "name": f"Item {number}",
        "description": f"What item {number} is for",
        "price": round(random.uniform(1, 1000), 2),
        "in_stock": number % 2 == 0,
    }


class Shopper(HttpUser):
    abstract = True
    wait_time = between(0.01, 0.05)
    ids: list[int]

    @task(3)
    def list_items(self) -> None:
        self.client.get("/items/")

    @task(2)
    def create(self) -> None:
        with self.client.post("/items/", json=item(), catch_response=True) as answer:
            if answer.status_code == 201:
                self.ids.append(answer.json()["id"])
            else:
                answer.failure(f"status {answer.status_code}")

    @task(2)
    def read(self) -> None:
        self.ask("GET", None)

    @task(1)
    def update(self) -> None:
        self.ask("PUT", item())

    @task(1)
    def delete(self) -> None:
        self.ask("DELETE", None)

    def ask(self, method: str, body: dict[str, object] | None) -> None:
        if not self.ids:
            return
        path = f"/items/{random.choice(self.ids)}"
        with self.client.request(method, path, json=body, name=method, catch_response=True) as told:
            if told.status_code in (200, 204, 404):
                told.success()


for framework, host in json.loads(os.environ["HOSTS"]).items():
    globals()[framework] = type(framework, (Shopper,), {"host": host, "ids": []})
