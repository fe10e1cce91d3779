"""A bare problem for OR-Tools' routing library.

Stated: all of restated.py; tasks as disjunctions with their worth as penalty; the fall of worth with time as the straight
line nearest to it (a soft upper bound of 0 on the start of each task); windows (their end with the least duration);
precedence as a node precedence with the least duration; the budget as a sum over the ends of a money dimension
(`--ortools-money price`: by a price of money, bisected on short runs).
Not stated: the bend and the steps (closed seasons) of the fall; that a duration before a precedence differs by team.
It begins from a plan by hand (`--ortools-first BY_HAND`): from its own first plans it did not get as far in 12 s.
"""

import sys

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from restated import GAIN, MONEY, TRIES, Restated


def plan(problem, options):
    own = Restated(problem)
    price, left = 0.0, options.seconds
    if own.budget is not None and options.ortools_money == "price":
        price = own.priced(lambda price: solve(own, options, price, options.seconds / 18.0)[0])
        left -= TRIES * options.seconds / 18.0
    routes, value = solve(own, options, price, left)
    return own.plan(routes, f"price of money {price:.3g}, spent {own.spent(routes):.0f}, own value {value:.2f}")


def solve(own, options, price, seconds):
    """Routes and the value as OR-Tools sees it."""
    n, n_teams = own.n, own.n_teams
    places = n + 2 * n_teams
    ends = [own.end(k) for k in range(n_teams)]
    manager = pywrapcp.RoutingIndexManager(places, n_teams, [own.start(k) for k in range(n_teams)], ends)
    routing = pywrapcp.RoutingModel(manager)
    at_zero, fall = own.line()
    worth = np.asarray([task["worth"] for task in own.tasks] + [0.0] * (2 * n_teams))

    registered = {}
    for k in own.kinds():
        if k not in registered:
            lasting, money = own.durations(k)[:, None], own.money(k)
            # What the duration of a task costs is counted on leaving it: its cumul is its start.
            late = np.rint(GAIN * (fall * worth[:, None] * lasting + price * money / MONEY)).astype(np.int64)
            matrices = [own.travel(k) + lasting, money, late]
            registered[k] = [routing.RegisterTransitMatrix(matrix.tolist()) for matrix in matrices]
    times, moneys, prices = zip(*(registered[k] for k in own.kinds()))
    for k in range(n_teams):
        routing.SetArcCostEvaluatorOfVehicle(prices[k], k)

    last = max(own.span(k)[1] for k in range(n_teams))
    routing.AddDimensionWithVehicleTransits(times, last, last, False, "time")
    time = routing.GetDimensionOrDie("time")
    for k in range(n_teams):
        time.CumulVar(routing.Start(k)).SetRange(*own.span(k))
        time.CumulVar(routing.End(k)).SetRange(*own.span(k))
    solver = routing.solver()
    if own.budget is not None and options.ortools_money == "sum":
        budget = int(MONEY * own.budget)
        routing.AddDimensionWithVehicleTransits(moneys, 0, budget, True, "money")
        spent = routing.GetDimensionOrDie("money")
        solver.Add(solver.Sum([spent.CumulVar(routing.End(k)) for k in range(n_teams)]) <= budget)

    for j, task in enumerate(own.tasks):
        at = manager.NodeToIndex(j)
        routing.AddDisjunction([at], int(round(GAIN * at_zero * task["worth"])))
        routing.VehicleVar(at).SetValues([-1, *own.able(j)])
        opens, closes = own.window(j)
        time.CumulVar(at).SetRange(opens, max(opens, closes - own.least(j)))
        time.SetCumulVarSoftUpperBound(at, 0, max(1, int(round(GAIN * fall * task["worth"]))))
        for before in task.get("after", []):
            earlier = manager.NodeToIndex(own.index[before])
            if options.ortools_pairs == "node":
                time.AddNodePrecedence(earlier, at, own.least(own.index[before]))
            else:
                solver.Add(time.CumulVar(at) >= time.CumulVar(earlier) + own.least(own.index[before]))
            solver.Add(routing.ActiveVar(at) <= routing.ActiveVar(earlier))

    search = pywrapcp.DefaultRoutingSearchParameters()
    is_by_hand = options.ortools_first == "BY_HAND"
    if not is_by_hand:
        search.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.Value.Value(options.ortools_first)
    search.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.Value.Value(options.ortools_search)
    search.time_limit.FromMilliseconds(int(1000 * seconds))
    if is_by_hand:
        routing.CloseModelWithParameters(search)
        first = routing.ReadAssignmentFromRoutes(own.by_hand(), True)
        if not first:
            sys.exit("OR-Tools does not take the plan by hand")
        found = routing.SolveFromAssignmentWithParameters(first, search)
    else:
        found = routing.SolveWithParameters(search)
    routes = [[] for _ in range(n_teams)]
    if not found:
        return routes, 0.0
    for k in range(n_teams):
        at = found.Value(routing.NextVar(routing.Start(k)))
        while not routing.IsEnd(at):
            routes[k].append(manager.IndexToNode(at))
            at = found.Value(routing.NextVar(at))
    return routes, at_zero * worth.sum() - found.ObjectiveValue() / GAIN
