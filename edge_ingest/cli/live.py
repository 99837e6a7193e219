"""`edge-ingest live`: load and alerts at the ground, with no cloud."""

import logging
from typing import Annotated

import typer

from edge_ingest.cli.console import Config, app, errors_in_a_line, say
from edge_ingest.errors import SettingsError


@app.command("live")
def live_command(
    sport: Annotated[
        str | None, typer.Option(help="What is being played. Default: live.sport of the settings.")
    ] = None,
    broker: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT of the MQTT broker. Default: SPORTS_MQTT_BROKER, or broker of the "
            "settings. User and password: SPORTS_MQTT_USER, SPORTS_MQTT_PASSWORD."
        ),
    ] = None,
    http: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT of the page. Default: live.http of the settings. It has no password: "
            "beyond this machine, only on a network that the staff alone is on."
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Live load of each athlete, and an alert when one leaves the personal norm.

    It needs no cloud; `send` fetches the norms whenever there is a network.
    """
    from edge_ingest.node.load import load_node, with_live_options
    from edge_ingest.node.lock import only_one
    from edge_ingest.node.settings import address

    with errors_in_a_line():
        node = with_live_options(load_node(config), sport=sport, broker=broker, http=http)
        if not node.broker.host:
            raise SettingsError(
                "which broker? Set host in [broker] of the settings, or SPORTS_MQTT_BROKER, such "
                "as 127.0.0.1:1883"
            )
        host, port = address(node.live.http)

        from zoneinfo import ZoneInfo

        from edge_ingest.cleaning.settings import load_settings
        from edge_ingest.live.http import live_app, serve
        from edge_ingest.live.mqtt import Broker
        from edge_ingest.live.node import LiveNode

        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
        with only_one(node.state, "live"):
            live = LiveNode(
                node=node.node_id, sport=node.live.sport,
                broker=Broker.of(node.broker, node.login), norms=node.norms,
                norms_max_age=node.live.norms_max_age, state=node.live_state,
                filters=load_settings(node.filters),
                zone=ZoneInfo(node.live.timezone or node.club_timezone),
            )  # fmt: skip
            say(
                f"page on http://{node.live.http}/, positions from "
                f"mqtt://{node.broker.host}:{node.broker.port}"
            )
            serve(live_app(live), host, port)
