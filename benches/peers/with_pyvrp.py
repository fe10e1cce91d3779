"""A bare problem for PyVRP.

Stated: all of restated.py; the fall of worth with time in steps: each task stands there once a step, with a deadline and
the worth of the step's middle as prize, at most one of them visited (a client group); windows (their beginning with the
least duration). It begins from the same plan by hand as OR-Tools (`--pyvrp-first own`: from its own).
Not stated: the budget: ways and tasks cost a price of money times what they cost, found by bisection on short runs (an
18th of the time each); precedence across teams: after a third of the time that is left each pair gets windows from the
plan so far, and the rest of the time works with these.
Its clock is looked at between steps of its search only: with many clients it runs over time, to its favour.
"""

import numpy as np
import pyvrp
from pyvrp.search import NeighbourhoodParams
from pyvrp.stop import MaxRuntime

from restated import MONEY, TICKS, TRIES, Restated

FORBIDDEN = 1 << 40
SCALE = 100_000  # prizes: units a unit of worth × year


class Told:
    """The problem with a price of money and with windows for pairs."""

    def __init__(self, own, options):
        self.own, self.options = own, options
        self.hand = None
        self.last = max(own.span(k)[1] for k in range(own.n_teams))

    def data(self, price, opens, closes):
        own = self.own
        steps = self.options.pyvrp_steps or (24 if own.budget is None else 12)
        n, n_teams, kinds = own.n, own.n_teams, own.kinds()
        at = [task["at"] for task in own.tasks] + 2 * [team["at"] for team in own.teams]
        locations = [pyvrp.Location(*place) for place in at]
        distances, durations = [], []
        for k in sorted(set(kinds)):
            time = own.travel(k) + own.durations(k)[None, :]
            # A little for the way itself: neighbours are then near each other.
            cost = np.rint(SCALE * (1e-5 * own.legs() + price * own.money(k) / MONEY)).astype(np.int64)
            for j in range(n):
                if not own.can(k, j):
                    time[:, j] = cost[:, j] = FORBIDDEN
            np.fill_diagonal(time, 0)
            np.fill_diagonal(cost, 0)
            durations.append(time)
            distances.append(cost)
        clients, groups, self.of_client = [], [], []
        for j, task in enumerate(own.tasks):
            begin, end = max(own.window(j)[0], opens.get(j, 0)), min(own.window(j)[1], closes.get(j, self.last))
            members = []
            for step in range(steps):
                late = self.last * (step + 1) // steps
                early = begin + own.least(j) if begin else 0
                if early > min(late, end) or (step and self.last * step // steps >= end):
                    continue
                prize = own.years(self.last * (step + 0.5) / steps) * task["worth"]
                members.append(len(clients))
                self.of_client.append(j)
                clients.append(
                    pyvrp.Client(
                        j,
                        tw_early=early,
                        tw_late=min(late, end),
                        prize=int(SCALE * prize),
                        required=False,
                        group=len(groups),
                    )
                )
            if members:
                groups.append(pyvrp.ClientGroup(members, required=False))
        depots = [pyvrp.Depot(n + k) for k in range(2 * n_teams)]
        types = []
        for k in range(n_teams):
            first, until = own.span(k)
            profile = sorted(set(kinds)).index(kinds[k])
            ends = {"start_depot": k, "end_depot": n_teams + k}
            types.append(pyvrp.VehicleType(1, **ends, tw_early=first, tw_late=until, profile=profile))
        return pyvrp.ProblemData(locations, clients, depots, types, distances, durations, groups)

    def solve(self, price, opens, closes, seconds):
        """Routes, and the end of each task done."""
        own = self.own
        data = self.data(price, opens, closes)
        first = self.by_hand(data) if self.options.pyvrp_first == "hand" else None
        hood = NeighbourhoodParams(num_neighbours=self.options.pyvrp_neighbours)
        result = pyvrp.solve(
            data,
            MaxRuntime(seconds),
            seed=self.options.seed,
            collect_stats=False,
            display=False,
            params=pyvrp.SolveParams(neighbourhood=hood),
            initial_solution=first,
        )
        routes, ends = [[] for _ in range(own.n_teams)], {}
        for route in result.best.routes():
            k = route.vehicle_type()
            for visit in route.schedule():
                if visit.is_client():
                    j = self.of_client[visit.idx]
                    routes[k].append(j)
                    ends[j] = visit.start_time
        return routes, ends

    def by_hand(self, data):
        """The same plan as OR-Tools begins with, each task at the step it ends in (left out where none fits)."""
        own, kinds = self.own, self.own.kinds()
        if self.hand is None:
            self.hand = own.by_hand()
        members = {}
        for client, j in enumerate(self.of_client):
            members.setdefault(j, []).append(client)
        routes = []
        for k, sequence in enumerate(self.hand):
            travel, lasting = own.travel(kinds[k]), own.durations(kinds[k])
            at, now, visits = own.start(k), own.span(k)[0], []
            for j in sequence:
                arrival = int(now + travel[at, j] + lasting[j])
                fitting = [c for c in members.get(j, []) if arrival <= data.clients()[c].tw_late]
                if fitting:
                    visits.append(fitting[0])
                    now, at = max(arrival, data.clients()[fitting[0]].tw_early), j
            if visits:
                routes.append(pyvrp.Route(data, visits, k))
        return pyvrp.Solution(data, routes)


def plan(problem, options):
    own = Restated(problem)
    told, left, price = Told(own, options), options.seconds, 0.0
    if own.budget is not None:
        price = own.priced(lambda price: told.solve(price, {}, {}, options.seconds / 18.0)[0])
        left -= TRIES * options.seconds / 18.0
    pairs = [(own.index[p], j) for j, task in enumerate(own.tasks) for p in task.get("after", [])]
    opens, closes = {}, {}
    if pairs:
        _, ends = told.solve(price, {}, {}, left / 3.0)
        left -= left / 3.0
        for p, j in pairs:
            # As early as the first of them stands in the plan; where it does not, as late as it could.
            split = ends.get(p, own.least(p) + TICKS)
            opens[j] = max(opens.get(j, 0), split)
            closes[p] = min(closes.get(p, told.last), split)
    routes, _ = told.solve(price, opens, closes, left)
    return own.plan(routes, f"price of money {price:.3g}, spent {own.spent(routes):.0f}")
