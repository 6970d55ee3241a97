// The page's example as a loop written by hand, the least that it can cost: draws the wiring and the stimulus,
// builds and runs. Called with the number of networks and the highest rate in Hz; writes the CPU time in ms
// and the number of spikes of a network.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

constexpr int SIZE = 100, STEPS = 1000;

static long network(unsigned long key, double rate) {
    std::mt19937_64 bits(key);
    std::vector<std::vector<int>> targets(SIZE), firing(STEPS + 1);
    std::geometric_distribution<int> gap(0.2);
    for (long pair = gap(bits); pair < SIZE * SIZE; pair += 1 + gap(bits))
        targets[pair / SIZE].push_back(pair % SIZE);
    std::exponential_distribution<double> wait(rate / 1000.0);
    for (int source = 0; source < SIZE && rate > 0; source++) {
        int before = 0;
        for (double time = wait(bits); time < STEPS; time += wait(bits)) {
            int step = static_cast<int>(std::ceil(time));
            if (step > before) firing[step].push_back(source);
            before = step;
        }
    }
    std::vector<double> v(SIZE, -65.0), u(SIZE, -13.0);
    std::vector<int> steps, ranks;
    for (int step = 1; step <= STEPS; step++) {
        for (int i = 0; i < SIZE; i++) {
            double next = u[i] + 0.02 * (0.2 * v[i] - u[i]);
            v[i] += 0.04 * v[i] * v[i] + 5.0 * v[i] + 140.0 - u[i];
            u[i] = next;
        }
        for (int source : firing[step - 1])
            for (int target : targets[source]) v[target] += 5.0;
        for (int i = 0; i < SIZE; i++)
            if (v[i] >= 30.0) {
                steps.push_back(step);
                ranks.push_back(i);
                v[i] = -65.0;
                u[i] += 8.0;
            }
    }
    return static_cast<long>(steps.size());
}

int main(int, char** given) {
    int number = std::atoi(given[1]);
    double most = std::atof(given[2]);
    long spikes = 0;
    std::clock_t begin = std::clock();
    for (int i = 0; i < number; i++)
        spikes += network(i, -1000.0 * std::log1p(-most * i / (number - 1) / 1000.0));
    double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    std::printf("%.9f %.3f\n", 1000.0 * seconds / number, static_cast<double>(spikes) / number);
}
