"""What OR-Tools and PyVRP are told of a bare problem, both the same.

Time is **working time**: where all teams have the same closed seasons and weeks (they must; else the problem is
refused), travel, setup and work consume it and pauses vanish, so that calendars are stated exactly. In whole
thousandths of a day, durations rounded up. A team's return, availability, capabilities, rate, setup and mobilisation
are stated exactly by a matrix of its own.
"""

import math
import sys

import numpy as np

TICKS = 1000  # a working day
MONEY = 10  # units of the budget dimension a unit of money
GAIN = 10_000_000  # units of the objective a unit of worth × year
TRIES = 7  # prices of money tried, each with an 18th of the time


def up(x):
    return int(math.ceil(x - 1e-9))


class Restated:
    def __init__(self, problem):
        self.tasks, self.teams = problem["tasks"], problem["teams"]
        self.budget = problem.get("budget")
        self.n, self.n_teams = len(self.tasks), len(self.teams)
        self.index = {task["id"]: j for j, task in enumerate(self.tasks)}
        rules = {(str(sorted(t.get("closed", []))), t.get("work_days_per_week", 7)) for t in self.teams}
        distance = problem["distance"]
        known = problem["objective"] == "discounted" and distance["kind"] == "euclidean"
        if len(rules) > 1 or not known or problem.get("floors") or any("lock" in task for task in self.tasks):
            sys.exit("only discounted, euclidean problems with one calendar, without floors and locks, are restated")
        self.closed = sorted(self.teams[0].get("closed", []))
        self.week, self.weekday = self.teams[0].get("work_days_per_week", 7), problem.get("start_weekday", 0)
        self.horizon = problem["horizon_days"]
        self.rho = problem.get("discount_per_year", 0.03)
        self.detour = distance.get("detour", 1.0)
        # Working time until each calendar day: seasons and weeks begin and end at midnight.
        self.worked = [0]
        for day in range(int(self.horizon)):
            is_open = (day + self.weekday) % 7 < self.week
            is_open &= not any(shut <= day < opens for shut, opens in self.closed)
            self.worked.append(self.worked[-1] + is_open)

    def ticks(self, day):
        """Working time in ticks until a calendar day."""
        day = min(max(day, 0.0), self.horizon)
        whole = min(int(day), len(self.worked) - 2)
        return int(TICKS * (self.worked[whole] + (day - whole) * (self.worked[whole + 1] - self.worked[whole])))

    def day(self, ticks):
        """The calendar day by which so much has been worked."""
        worked = ticks / TICKS
        low, high = 0.0, self.horizon
        for _ in range(40):
            mid = 0.5 * (low + high)
            low, high = (low, mid) if self.ticks(mid) >= worked * TICKS - 0.5 else (mid, high)
        return high

    def years(self, ticks):
        """What a unit of worth counts for if the task ends then."""
        end, horizon = self.day(ticks) / 365.0, self.horizon / 365.0
        return (math.exp(-self.rho * end) - math.exp(-self.rho * horizon)) / self.rho if self.rho else horizon - end

    def line(self):
        """(at 0, fall a tick) of the straight line nearest to `years`."""
        last = self.ticks(self.horizon)
        points = [(last * i / 200.0, self.years(last * i / 200.0)) for i in range(201)]
        mean_x, mean_y = (sum(axis) / len(points) for axis in zip(*points))
        slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
        return mean_y - slope * mean_x, -slope

    def span(self, k):
        """First and last tick of a team."""
        first, last = self.teams[k].get("available", [0.0, self.horizon])
        return self.ticks(first), self.ticks(last)

    def window(self, j):
        first, last = self.tasks[j].get("window", [0.0, self.horizon])
        return self.ticks(first), self.ticks(last)

    def can(self, k, j):
        return set(self.tasks[j].get("needs", [])) <= set(self.teams[k].get("capabilities", []))

    def duration(self, k, j):
        """Setup and work, in ticks."""
        task, team = self.tasks[j], self.teams[k]
        work = task.get("work_by_team", {}).get(team["id"], task["work"] / team.get("rate", 1.0))
        return up(TICKS * (team.get("setup_days", 0.0) + work))

    def able(self, j):
        return [k for k in range(self.n_teams) if self.can(k, j)]

    def least(self, j):
        return min((self.duration(k, j) for k in self.able(j)), default=0)

    def start(self, k):
        """Place of a team's base; tasks are the first n places."""
        return self.n + k

    def end(self, k):
        """Place where it ends."""
        return self.n + self.n_teams + k

    def kinds(self):
        """For each team the kind it is of, and for each kind a team of it: what they differ in is where they begin."""
        keys = {}
        of = []
        for k, team in enumerate(self.teams):
            own = [team.get(name, 1.0) for name in ("speed_per_day", "cost_factor")]
            own += [team.get("cost_per_distance", 0.0), sorted(team.get("capabilities", []))]
            of.append(keys.setdefault(str([own, [self.duration(k, j) for j in range(self.n)]]), k))
        return of

    def legs(self):
        """Distances between all places; to an end that nobody need return to: 0."""
        at = [task["at"] for task in self.tasks] + [team["at"] for team in self.teams]
        at += [team.get("end_at", team["at"]) for team in self.teams]
        at = np.asarray(at)
        legs = self.detour * np.hypot(*(at[:, None, :] - at[None, :, :]).transpose(2, 0, 1))
        for k, team in enumerate(self.teams):
            if "end_at" not in team:
                legs[:, self.end(k)] = 0.0
        return legs

    def durations(self, k):
        """Setup and work at each place, in ticks."""
        return np.asarray([self.duration(k, j) for j in range(self.n)] + [0] * (2 * self.n_teams))

    def travel(self, k):
        return np.ceil(TICKS * self.legs() / self.teams[k].get("speed_per_day", 1.0) - 1e-9).astype(np.int64)

    def money(self, k):
        """Money in budget units from each place to each: the way, the task at its end, mobilisation on leaving a base."""
        team = self.teams[k]
        fees = [MONEY * task.get("cost", 0.0) * team.get("cost_factor", 1.0) for task in self.tasks]
        money = MONEY * self.legs() * team.get("cost_per_distance", 0.0)
        money += np.asarray(fees + [0.0] * (2 * self.n_teams))
        for base, owner in enumerate(self.teams):
            money[self.start(base), : self.n] += MONEY * owner.get("mobilisation", 0.0)
            money[self.start(base), self.n :] = 0.0
        return np.ceil(money - 1e-9).astype(np.int64)

    def spent(self, routes):
        """Money for all routes, as stated."""
        total = 0
        for k, route in enumerate(routes):
            if route:
                money, places = self.money(k), [self.start(k), *route, self.end(k)]
                total += sum(int(money[a, b]) for a, b in zip(places, places[1:]))
        return total / MONEY

    def priced(self, solve):
        """A price of money by bisection: the least tried at which `solve(price)` spends no more than the budget.

        Begins at what the last task is worth a unit of money where the best for their money are taken first."""
        left, price = self.budget, 0.0
        for task in sorted(self.tasks, key=lambda task: -task["worth"] / max(task.get("cost", 0.0), 1e-9)):
            left -= task.get("cost", 0.0)
            price = 0.7 * task["worth"] * self.years(0) / max(task.get("cost", 0.0), 1e-9)
            if left < 0.0:
                break
        low, high = price / 5.0, price * 5.0
        for _ in range(TRIES):
            mid = math.sqrt(low * high)
            low, high = (mid, high) if self.spent(solve(mid)) > self.budget else (low, mid)
        return high

    def by_hand(self):
        """Whoever is free first takes the task worth most for its time, as long as there is money."""
        kinds = self.kinds()
        travel = {k: self.travel(k) for k in set(kinds)}
        money = {k: self.money(k) for k in set(kinds)}
        lasting = {k: self.durations(k) for k in set(kinds)}
        left = math.inf if self.budget is None else int(MONEY * self.budget)
        at, now = [self.start(k) for k in range(self.n_teams)], [self.span(k)[0] for k in range(self.n_teams)]
        routes, ends, idle = [[] for _ in self.teams], {}, set()
        while len(idle) < self.n_teams:
            k = min((k for k in range(self.n_teams) if k not in idle), key=now.__getitem__)
            kind, best = kinds[k], None
            for j, task in enumerate(self.tasks):
                if j in ends or not self.can(k, j):
                    continue
                waits_for = [self.index[p] for p in task.get("after", [])]
                if any(p not in ends for p in waits_for):
                    continue
                opens, closes = self.window(j)
                begin = max([now[k] + travel[kind][at[k], j], opens, *(ends[p] for p in waits_for)])
                end = int(begin + lasting[kind][j])
                home = end + travel[kind][j, self.end(k)]
                # What goes home costs little; a hundredth of the budget is kept for all the ways.
                cost = int(money[kind][at[k], j])
                reserve = 0 if self.budget is None else 0.01 * MONEY * self.budget
                if end > closes or home > self.span(k)[1] or cost > left - reserve:
                    continue
                gain = task["worth"] * self.years(end) / (end - now[k] + 1.0)
                if self.budget is not None:
                    gain /= cost + 1.0
                if best is None or gain > best[0]:
                    best = (gain, j, end, cost)
            if best is None:
                idle.add(k)
                continue
            _, j, end, cost = best
            routes[k].append(j)
            ends[j], now[k], at[k] = end, end, j
            left -= cost
        return routes

    def plan(self, routes, note=""):
        """Routes (task indices, one list a team) in the form our judge reads."""
        stops = [[{"id": self.tasks[j]["id"]} for j in route] for route in routes]
        named = [{"team": team["id"], "tasks": tasks} for team, tasks in zip(self.teams, stops)]
        return {"routes": named, "note": note}
