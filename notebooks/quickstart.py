import matplotlib.pyplot as plt

from sweep import Izhikevich, Monitor, PoissonPopulation, Population, Projection, clear, grid, parallel_run

# The base network.
clear()
inputs = PoissonPopulation(100, rates=10.0)
cells = Population(100, Izhikevich)
synapses = Projection(inputs, cells, "exc")
synapses.connect_fixed_probability(weights=5.0, probability=0.2)
spikes = Monitor(cells, "spike")


# What is done with each copy of it.
def simulation(idx, net, rates):
    net.get(inputs).rates = rates
    net.simulate(1000.0)
    recorded = net.get(spikes)
    times, ranks = recorded.raster_plot()
    return {"rate": recorded.mean_fr(), "times": times, "ranks": ranks}


# 36 networks: 9 input rates, and 4 networks with other wiring and other spikes at each.
results = parallel_run(
    method=simulation,
    points=grid(rates=[0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0]),
    replicates=4,
    seed=1,
    store="rates.zarr",
)

# One labelled variable for each item of what was returned.
rate = results.dataset["rate"]
print(rate.mean("replicate").to_series())

plt.errorbar(rate["rates"], rate.mean("replicate"), rate.std("replicate"), capsize=3)
plt.xlabel("rate of each input (Hz)")
plt.ylabel("rate of a cell (Hz)")
plt.savefig("rates.png")
